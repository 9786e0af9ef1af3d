#include <hawser/reactor/detail/crossing_call.h>

#include <hawser/defer/detail/handler_scope.h>

#include <unistd.h>

#include <cstdint>

namespace hawser::detail {

CrossingCall::CrossingCall(std::shared_ptr<RemoteCalls> home, std::shared_ptr<RemoteCalls> there,
                           Reactor& reactor, std::source_location where) noexcept
    : RemoteNews(where),
      home_(std::move(home)),
      there_(std::move(there)),
      reactor_(reactor),
      homeThread_(&runState) {}
CrossingCall::~CrossingCall() = default;

// At home.

bool CrossingCall::send(Reactor& home) noexcept {
  ReactorThreads::open(home, homeSlot_,
                       std::shared_ptr<RemoteSlot>(shared_from_this(), &homeSlot_));
  sending_ = true;
  there_->send(shared_from_this());
  sending_ = false;
  if (refused_) static_cast<void>(homeSlot_.close());
  return !refused_;
}

void CrossingCall::cancelled() noexcept {
  // None if home has ended, and abandoned it; the wish is under way then.
  if (const auto keep = homeSlot_.close()) abandoned();
}

void CrossingCall::abandoned() noexcept {
  sendWish();
  dropResolver();
}

// It follows the call: either that was made by then, or this keeps it from being made.
void CrossingCall::sendWish() noexcept {
  unwanted_.store(true, std::memory_order_relaxed);
  there_->send(std::shared_ptr<RemoteNews>(shared_from_this(), &wish_));
}

// On either side.

void CrossingCall::arrive() {
  if (returns_) {
    const auto keep = homeSlot_.close();
    deliver();
    return;
  }
  if (unwanted_.load(std::memory_order_relaxed)) {
    completed_ = true;
    forget();
    return;
  }
  // What it threw is let go of here before the other thread has it.
  Failure thrown = Failure::none();
  try {
    begin();
  } catch (...) {
    thrown = caught();
  }
  if (thrown) failWith(std::move(thrown));
  if (!completed_)
    ReactorThreads::open(reactor_, awaySlot_,
                         std::shared_ptr<RemoteSlot>(shared_from_this(), &awaySlot_));
}

void CrossingCall::lost() noexcept {
  // The reactor at home, which ends, has told whoever waited.
  if (returns_) return;
  if (homeThread_ == &runState && sending_) {
    refused_ = true;
    forget();
  } else {
    otherEnded();
  }
}

// There.

bool CrossingCall::mayComplete() noexcept {
  if (std::exchange(completed_, true)) return false;
  handle_ = {};
  return true;
}

void CrossingCall::goHome() noexcept {
  const auto keep = awaySlot_.close();
  returns_ = true;
  home_->send(shared_from_this());
}

void CrossingCall::cancelThere() {
  const CancelHandle handle = handle_;
  handle.cancel(where());
}

void CrossingCall::otherEnded() noexcept {
  Failure ended = Failure::none();
  try {
    ended = Failure(ReactorNotRunning("the other reactor ended before it had answered"), where());
  } catch (...) {
    ended = Failure::current(where());
  }
  failWith(std::move(ended));
}

Failure CrossingCall::caught() const {
  Failure failure = Failure::currentIn(SiteKind::job, where(), nullptr);
  failure.addThread(static_cast<std::uint32_t>(::gettid()));
  return failure;
}

void CrossingCall::sign(Failure& failure) const noexcept {
  failure.addSite(SiteKind::job, where());
  failure.addThread(static_cast<std::uint32_t>(::gettid()));
}

}  // namespace hawser::detail
