#include <hawser/reactor/detail/reactor_thread.h>

#include <hawser/base/logging.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/quiet_thread.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/stall.h>
#include <hawser/reactor/thread_pool.h>

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

namespace hawser::detail {

namespace {

// The kernel's limit, without the byte that ends it.
constexpr std::size_t longestName = 15;

// What fails here is not worth failing for.
void nameThread(const std::string& name, std::size_t number) noexcept {
  try {
    const std::string last = fmt::format("-{}", number);
    const std::string whole =
        name.substr(0, longestName - std::min(longestName, last.size())) + last;
    static_cast<void>(::pthread_setname_np(::pthread_self(), whole.c_str()));
  } catch (const std::bad_alloc&) {
    return;
  }
}

void pinThread(std::size_t number) noexcept {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const auto count = static_cast<std::size_t>(CPU_COUNT(&allowed));
  if (count == 0) return;
  std::size_t skip = number % count;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || skip-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    static_cast<void>(::sched_setaffinity(0, sizeof one, &one));
    return;
  }
}

}  // namespace

ReactorThread::ReactorThread(const ReactorPoolOptions& options, std::size_t number,
                             std::source_location where) noexcept
    : RemoteNews(where), options_(options), number_(number) {}
ReactorThread::~ReactorThread() = default;

void ReactorThread::start(RemoteResolver<void> running, RemoteResolver<void> ended) {
  running_ = std::move(running);
  ended_ = std::move(ended);
  try {
    thread_ = quietThread([self = shared_from_this()] { self->live(); });
  } catch (const std::system_error& error) {
    throw ThreadStartError(error.code(),
                           fmt::format("the pool \"{}\" cannot start a thread", options_.name));
  }
}

// On the thread.

void ReactorThread::live() {
  nameThread(options_.name, number_);
  if (options_.pinned) pinThread(number_);
  try {
    Reactor reactor(options_.backend.empty() ? nullptr : makeBackend(options_.backend));
    runReactor(reactor);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return released_; });
    hasReactor_ = false;
  } catch (...) {
    Failure why = Failure::current();
    if (running_) {
      try {
        running_.errback(why);
      } catch (const std::bad_alloc&) {
        running_ = {};
      }
    }
    endWith(std::move(why), {});
  }
}

void ReactorThread::runReactor(Reactor& reactor) {
  reactor.callWhenRunning([this] {
    try {
      running_.callback();
    } catch (const std::bad_alloc&) {
      running_ = {};  // which takes none
    }
    stopNow();
  });
  // From here on nothing fails: who is told of the reactor may keep it until `release`.
  {
    const std::lock_guard lock(mutex_);
    reactor_ = &reactor;
    hasReactor_ = true;
    calls_ = ReactorThreads::calls(reactor);
  }
  Failure failure = Failure::none();
  try {
    reactor.run({.handleSignals = false, .drain = options_.drain});
  } catch (...) {
    failure = Failure::current();
  }
  endWith(std::move(failure), reactor.shutdownReport());
}

void ReactorThread::arrive() {
  {
    const std::lock_guard lock(mutex_);
    told_ = false;
  }
  stopNow();
}

void ReactorThread::stopNow() {
  std::optional<TimePoint> until;
  {
    const std::lock_guard lock(mutex_);
    until = until_;
  }
  if (!until || !reactor_->running()) return;
  reactor_->stop(std::max(*until - reactor_->now(), Reactor::Duration::zero()));
}

void ReactorThread::endWith(Failure failure, const ShutdownReport& report) {
  {
    const std::lock_guard lock(mutex_);
    static_cast<ShutdownReport&>(report_) = report;
    report_.failure = std::move(failure);
    report_.byItself = !until_;
    hasEnded_ = true;
    changed_.notify_all();
  }
  running_ = {};
  try {
    if (ended_) ended_.callback();
  } catch (const std::bad_alloc&) {
    ended_ = {};
  }
}

// Any thread.

void ReactorThread::stop(TimePoint until) noexcept {
  std::shared_ptr<RemoteCalls> calls;
  {
    const std::lock_guard lock(mutex_);
    if (until_ && *until_ <= until) return;
    until_ = until;
    if (!calls_ || std::exchange(told_, true)) return;
    calls = calls_;
  }
  calls->send(shared_from_this());
}

ReactorPoolReport::Member ReactorThread::report() const {
  const std::lock_guard lock(mutex_);
  ReactorPoolReport::Member member = report_;
  member.ended = hasEnded_;
  if (!hasEnded_) member.heldBy = heldBy();
  return member;
}

// With the lock: while it is held the reactor stays.
std::string ReactorThread::heldBy() const {
  if (!hasReactor_) return {};
  const HandlerMarks::Handler handler = ReactorThreads::handler(*reactor_);
  if (!handler.what) return {};
  return Stall{Stall::Kind::handler, {}, handler.what, handler.object, handler.where}.handlerName();
}

bool ReactorThread::ended() const noexcept {
  const std::lock_guard lock(mutex_);
  return hasEnded_;
}

bool ReactorThread::waitEnded(TimePoint until) const noexcept {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, until, [this] { return hasEnded_; });
}

void ReactorThread::release() noexcept {
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace hawser::detail
