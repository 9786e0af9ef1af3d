#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

namespace hawser {

/// A handler that gets more than the result: `d.addCallback(withArgs(f, 5, 7))` calls
/// `f(value, 5, 7)`. Twisted passes such arguments to `addCallback` itself; here each lane takes
/// one callable. The arguments are copied or moved into it, and given to `f` as rvalues. An errback
/// made so takes a Failure: of which type its `const E&` would be cannot be seen through the
/// wrapper.
template <class F, class... Args>
auto withArgs(F f, Args... args) {
  return [f = std::move(f), extra = std::tuple<Args...>(std::move(args)...)]<class... Result>(
             Result&&... result) mutable -> decltype(auto)
           requires(sizeof...(Result) <= 1 && std::is_invocable_v<F&, Result..., Args...>)
  {
    return std::apply(
        [&](Args&... each) -> decltype(auto) {
          return f(std::forward<Result>(result)..., std::move(each)...);
        },
        extra);
  };
}

}  // namespace hawser
