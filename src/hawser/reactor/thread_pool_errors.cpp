#include <hawser/reactor/thread_pool_errors.h>

#include <utility>

namespace hawser {

ThreadPoolFullError::ThreadPoolFullError(const std::string& what, std::vector<BusyThread> busyWith)
    : std::runtime_error(what),
      busyWith_(std::make_shared<const std::vector<BusyThread>>(std::move(busyWith))) {}
ThreadPoolFullError::~ThreadPoolFullError() = default;
ThreadPoolStoppedError::~ThreadPoolStoppedError() = default;
ThreadStartError::~ThreadStartError() = default;
ThreadEndedError::~ThreadEndedError() = default;

}  // namespace hawser
