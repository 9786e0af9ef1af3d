#include <hawser/defer/errors.h>
#include <hawser/reactor/detail/blocking_call.h>
#include <hawser/reactor/detail/pool_job.h>
#include <hawser/reactor/errors.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace hawser::detail {

/// waiting -> done, or waiting -> givenUp.
struct BlockingCall::Waiting {
  enum class State : std::uint8_t {
    waiting,  ///< a thread waits, or will
    done,     ///< the result is there, and will not change
    givenUp,  ///< the thread does not wait any more
  };

  /// False if it was not waiting.
  bool change(State to) noexcept {
    const std::lock_guard lock(mutex);
    if (state != State::waiting) return false;
    state = to;
    changed.notify_one();
    return true;
  }

  bool givenUp() noexcept {
    const std::lock_guard lock(mutex);
    return state == State::givenUp;
  }

  std::mutex mutex;
  std::condition_variable changed;
  State state = State::waiting;  // guarded by mutex
};

BlockingCall::BlockingCall(Reactor& reactor, std::source_location where)
    : RemoteNews(where),
      reactor_(&reactor),
      calls_(ReactorThreads::calls(reactor)),
      waiting_(std::make_unique<Waiting>()) {}
BlockingCall::~BlockingCall() = default;

void BlockingCall::wait(const std::shared_ptr<BlockingCall>& self) {
  using State = Waiting::State;
  PoolJob* const job = PoolJob::current();
  const std::stop_token token = job ? job->stopToken() : std::stop_token();
  weak_ = self;
  Waiting& waiting = *waiting_;
  const std::stop_callback onStop(token, [&waiting]() noexcept { waiting.change(State::givenUp); });
  calls_->send(self);
  {
    std::unique_lock lock(waiting.mutex);
    waiting.changed.wait(lock, [&] { return waiting.state != State::waiting; });
    if (waiting.state == State::done) return;
  }
  try {
    unique_function<void()> cancel = [self] {
      const CancelHandle handle = self->handle_;
      handle.cancel();
    };
    calls_->push(cancel, where());
  } catch (const std::bad_alloc&) {
    // Then it goes on, and nobody asks for what it gives.
    throw CancelledError();
  }
  throw CancelledError();
}

void BlockingCall::raise(Failure failure) {
  failure.addSite(SiteKind::awaited, where());
  if (PoolJob* const job = PoolJob::current()) {
    const std::exception_ptr exception = failure.exception();
    job->hold(std::move(failure));
    std::rethrow_exception(exception);
  }
  failure.raise();
}

void BlockingCall::wakeWaiter() noexcept { waiting_->change(Waiting::State::done); }

void BlockingCall::arrive() {
  if (waiting_->givenUp()) {
    failWith(Failure(CancelledError(), where()));
    return;
  }
  ReactorThreads::open(*reactor_, *this, weak_.lock());
  try {
    begin();
  } catch (...) {
    failWith(Failure::current(where()));
  }
}

Failure BlockingCall::ended() const noexcept {
  try {
    return Failure(ReactorNotRunning("the reactor ended while a thread waited for a call on it"),
                   where());
  } catch (...) {
    return Failure::current(where());
  }
}

void BlockingCall::lost() noexcept { failWith(ended()); }

void BlockingCall::abandon() noexcept { failWith(ended()); }

}  // namespace hawser::detail
