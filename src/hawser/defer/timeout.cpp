#include <hawser/defer/timeout.h>

#include <fmt/format.h>

namespace hawser::detail {

std::string timeoutMessage(std::chrono::nanoseconds duration) {
  return fmt::format("timed out after {} s", std::chrono::duration<double>(duration).count());
}

}  // namespace hawser::detail
