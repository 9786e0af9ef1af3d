#include <hawser/defer/errors.h>
#include <hawser/reactor/detail/blocking_call.h>
#include <hawser/reactor/detail/pool_job.h>
#include <hawser/reactor/errors.h>

#include <new>
#include <stop_token>

namespace hawser::detail {

BlockingCall::BlockingCall(Reactor& reactor, std::source_location where)
    : RemoteNews(where, threadsCall), reactor_(&reactor), calls_(ReactorThreads::calls(reactor)) {}
BlockingCall::~BlockingCall() = default;

void BlockingCall::wait(const std::shared_ptr<BlockingCall>& self) {
  PoolJob* const job = PoolJob::current();
  const std::stop_token token = job ? job->stopToken() : std::stop_token();
  weak_ = self;
  {
    const std::stop_callback onStop(token, [this]() noexcept { endWaiting(Stage::givenUp); });
    calls_->send(self);
    over_.wait();
  }
  if (stage_.load(std::memory_order_acquire) == Stage::done) return;
  try {
    calls_->post(
        [self] {
          const CancelHandle handle = self->handle_;
          handle.cancel();
        },
        where());
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

void BlockingCall::endWaiting(Stage how) noexcept {
  Stage expected = Stage::waiting;
  if (stage_.compare_exchange_strong(expected, how, std::memory_order_acq_rel)) over_.post();
}

void BlockingCall::arrive() {
  if (stage_.load(std::memory_order_acquire) == Stage::givenUp) {
    failWith(Failure(CancelledError(), where()));
    return;
  }
  ReactorThreads::open(*reactor_, *this, weak_.lock());
  // What it threw is let go of here before the waiting thread has it.
  Failure thrown = Failure::none();
  try {
    begin();
  } catch (...) {
    thrown = Failure::current(where());
  }
  if (thrown) failWith(std::move(thrown));
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
