#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/errors.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace hawser {

namespace detail {

template <class Object, class F>
class BoundWeakly {
 public:
  /// What an errback's type is read from.
  using Wrapped = F;
  static constexpr bool keptWhileWaiting = true;

  BoundWeakly(std::weak_ptr<Object> object, F f) : object_(std::move(object)), f_(std::move(f)) {}

  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  auto operator()(Args&&... args) {
    return call(f_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires(std::is_member_function_pointer_v<F> && std::is_invocable_v<F&, Object&, Args...>)
  auto operator()(Args&&... args) {
    auto onObject = [this, &args...](Object& object) -> decltype(auto) {
      return (object.*f_)(std::forward<Args>(args)...);
    };
    return callOn(onObject);
  }

 private:
  template <class... Args>
  auto call(F& f, Args&&... args) {
    auto onObject = [&](Object&) -> decltype(auto) { return f(std::forward<Args>(args)...); };
    return callOn(onObject);
  }

  template <class OnObject>
  auto callOn(OnObject& onObject) {
    using R = std::invoke_result_t<OnObject&, Object&>;
    using U = ValueOf<R, void>;
    const std::shared_ptr<Object> object = object_.lock();
    if constexpr (isDeferred<R>) {
      if (!object) return R(Failure(ObjectGoneError()));
      return onObject(*object).addFinally([object] {});
    } else if constexpr (isFailure<R>) {
      return object ? onObject(*object) : Failure(ObjectGoneError());
    } else {
      if (!object) return Result<U>(Failure(ObjectGoneError()));
      if constexpr (std::is_void_v<R>) {
        onObject(*object);
        return Result<U>();
      } else {
        return Result<U>(onObject(*object));
      }
    }
  }

  std::weak_ptr<Object> object_;
  F f_;
};

}  // namespace detail

/// A handler that belongs to an object which may be gone by the time it is called.
///
///     getPoem(server).addCallback(bindWeak(shared_from_this(), [this](std::string poem) { ... }));
///     getPoem(server).addCallback(bindWeak(self, &Viewer::show));
///
/// `f` gets what the chain gives, as any handler; a member function is called on the object. In a
/// place that wants a function and no result, as `callLater`, it may stand, too: it is skipped if
/// the object is gone.
///
/// It does not keep the object alive while it waits. When it is called and the object is gone, `f`
/// is skipped and the link fails with ObjectGoneError, which is never reported as unhandled. An
/// `addErrback(logging::err)` behind it does log that, as any failure: to keep it quiet, put
/// `addErrback([](const ObjectGoneError&) {})` in between. While `f` runs the object lives; if `f`
/// returns a Deferred, until that has fired.
template <class Object, class F>
auto bindWeak(const std::shared_ptr<Object>& object, F f) {
  return detail::BoundWeakly<Object, F>(object, std::move(f));
}
template <class Object, class F>
auto bindWeak(std::weak_ptr<Object> object, F f) {
  return detail::BoundWeakly<Object, F>(std::move(object), std::move(f));
}

}  // namespace hawser
