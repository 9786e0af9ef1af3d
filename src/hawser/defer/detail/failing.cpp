#include <hawser/defer/detail/failing.h>

namespace hawser::detail {

constinit thread_local Failing failing{};

void destroyFailed(std::coroutine_handle<> coroutine) noexcept {
  ++failing.frames;
  coroutine.destroy();
  --failing.frames;
}

}  // namespace hawser::detail
