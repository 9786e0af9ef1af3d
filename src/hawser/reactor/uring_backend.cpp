#include <hawser/reactor/detail/fork_count.h>
#include <hawser/reactor/detail/wait_time.h>
#include <hawser/reactor/uring_backend.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace hawser {

using detail::SocketChannel;
using detail::UringChannel;

namespace {

// How long the end of a backend waits for the kernel to let go of something more that was
// cancelled.
constexpr int lettingGoTries = 40;
constexpr std::chrono::milliseconds lettingGoTime(50);

[[noreturn]] void throwErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

detail::Uring makeRing(const UringBackend::Sizes& sizes) {
  detail::probeUring();
  return detail::Uring(sizes.requests, sizes.completions);
}

}  // namespace

UringBackend::UringBackend(const Sizes& sizes)
    : ring_(makeRing(sizes)),
      pool_(ring_, sizes.smallBuffers, sizes.largeBuffers),
      forks_(detail::forkCount()) {}

UringBackend::~UringBackend() {
  if (!forked()) letGo();
  for (UringChannel* const channel : channels_) {
    const bool closed = channel->closed();
    channel->detach();
    if (closed && !channel->inKernel()) delete channel;
  }
}

// Channels.

EpollBackend& UringBackend::readiness() {
  if (!readiness_) readiness_ = std::make_unique<EpollBackend>();
  return *readiness_;
}

ChannelPtr UringBackend::open(int family, int type, int protocol) {
  if (family == AF_UNIX || SocketChannel::kindOfSocket(type) != SocketChannel::Kind::streamSocket)
    return readiness().open(family, type, protocol);
  FileDescriptor descriptor(::socket(family, type | SOCK_CLOEXEC, protocol));
  if (!descriptor) throwErrno("socket");
  const SocketChannel::Kind kind = SocketChannel::kindOfSocket(type);
  SocketChannel::takeUrgentDataForOrdinaryData(descriptor.get(), kind);
  return add(std::move(descriptor), kind);
}

ChannelPtr UringBackend::adopt(FileDescriptor descriptor) {
  const SocketChannel::Kind kind = SocketChannel::kindOf(descriptor.get());
  if (kind == SocketChannel::Kind::otherSocket) return readiness().adopt(std::move(descriptor));
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  if (flags < 0) throwErrno("fcntl");
  // The kernel waits where a request would block, unless the descriptor forbids that.
  if ((flags & O_NONBLOCK) != 0 && ::fcntl(descriptor.get(), F_SETFL, flags & ~O_NONBLOCK) != 0)
    throwErrno("fcntl");
  SocketChannel::takeUrgentDataForOrdinaryData(descriptor.get(), kind);
  return add(std::move(descriptor), kind);
}

ChannelPtr UringBackend::adoptWatched(FileDescriptor descriptor) {
  return readiness().adopt(std::move(descriptor));
}

Backend::TimePoint UringBackend::now() const noexcept { return std::chrono::steady_clock::now(); }

ChannelPtr UringBackend::add(FileDescriptor descriptor, SocketChannel::Kind kind) {
  descriptors_.expect(descriptor.get());
  if (channels_.size() == channels_.capacity())
    channels_.reserve(std::max<std::size_t>(16, 2 * channels_.size()));
  auto* const channel = new UringChannel(*this, std::move(descriptor), kind);
  channel->setPlace(channels_.size());
  channels_.push_back(channel);
  descriptors_.add(*channel);
  return ChannelPtr(channel);
}

void UringBackend::bury(UringChannel& channel) noexcept {
  if (working_) {
    channel.unschedule();
    buried_.pushBack(channel);
  } else {
    remove(channel);
  }
}

void UringBackend::remove(UringChannel& channel) noexcept {
  UringChannel* const last = channels_.back();
  channels_[channel.place()] = last;
  last->setPlace(channel.place());
  channels_.pop_back();
  delete &channel;
}

// Requests.

bool UringBackend::makeRoom() noexcept {
  if (!ring_.full()) return true;
  submit();
  return !ring_.full();
}

detail::UringMessage* UringBackend::message() noexcept {
  if (messagesUsed_ == messages_.size()) {
    try {
      messages_.push_back(std::make_unique_for_overwrite<detail::UringMessage>());
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  return messages_[messagesUsed_++].get();
}

// The turn.

void UringBackend::arrange() noexcept {
  detail::IntrusiveList<UringChannel> changed(std::move(starved_));
  changed.take(scheduled_);
  while (!changed.empty()) {
    UringChannel& channel = changed.popFront();
    if (!channel.arrange())
      scheduled_.pushBack(channel);
    else if (channel.hasWork())
      ready_.pushBack(channel);
  }
  watch(watchingWakeup_, wakeup_.descriptor(), wakeNumber);
  if (readiness_) watch(watchingReadiness_, readiness_->descriptor(), readinessNumber);
}

void UringBackend::watch(bool& watching, int descriptor, std::uint64_t number) noexcept {
  if (watching) return;
  io_uring_sqe* const watch = request();
  if (!watch) return;
  detail::prepareWatch(*watch, descriptor);
  watch->user_data = number;
  watching = true;
}

void UringBackend::wait(std::optional<TimePoint> until) {
  arrange();
  const bool watching = watchingWakeup_ && (!readiness_ || watchingReadiness_);
  const bool pending = readinessPending_ || (readiness_ && readiness_->anyScheduled());
  const bool block = ready_.empty() && scheduled_.empty() && watching && !pending &&
                     (!until || *until != TimePoint::min());
  std::optional<std::chrono::nanoseconds> time;
  if (block && until) time = detail::waitTime(now(), *until);
  const int error = ring_.enter(block ? 1 : 0, time);
  if (!ring_.anyRequested()) messagesUsed_ = 0;
  switch (error) {
    case 0:
    case EINTR:
    case ETIME:
    // Memory is short, or completions must be taken first: what was not submitted stays.
    case EAGAIN:
    case EBUSY:
      return;
    default:
      throw std::system_error(error, std::generic_category(), "io_uring_enter");
  }
}

bool UringBackend::forked() const noexcept { return forks_ != detail::forkCount(); }

void UringBackend::hurry() noexcept {
  arrange();
  submit();
}

void UringBackend::submit() noexcept {
  ring_.enter(0, {});
  if (!ring_.anyRequested()) messagesUsed_ = 0;
}

void UringBackend::dispatch(const io_uring_cqe& completion) noexcept {
  if (completion.user_data <= readinessNumber) [[unlikely]]
    return noteWatched(completion);
  auto& channel = *std::bit_cast<UringChannel*>(
      static_cast<std::uintptr_t>(completion.user_data & ~UringChannel::slotMask));
  channel.complete(static_cast<UringChannel::Slot>(completion.user_data & UringChannel::slotMask),
                   completion);
  if (channel.scheduled()) channel.unschedule();
  ready_.pushBack(channel);
}

void UringBackend::noteWatched(const io_uring_cqe& completion) noexcept {
  const bool lasts = (completion.flags & IORING_CQE_F_MORE) != 0;
  if (completion.user_data == wakeNumber) {
    if (!lasts) watchingWakeup_ = false;
  } else if (completion.user_data == readinessNumber) {
    if (!lasts) watchingReadiness_ = false;
    readinessPending_ = true;
  }
}

void UringBackend::deliver() {
  deliverCompletions();
  if (readinessPending_ || (readiness_ && readiness_->anyScheduled())) deliverReadiness();
}

void UringBackend::deliverReadiness() {
  readiness_->wait(TimePoint::min());
  // The ring tells of what becomes ready, not of what still is.
  readinessPending_ = readiness_->mayHaveMore();
  readiness_->deliver();
}

void UringBackend::deliverCompletions() {
  struct Round {
    explicit Round(UringBackend& backend) noexcept : backend_(backend) { backend_.working_ = true; }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;
    ~Round() {
      backend_.working_ = false;
      backend_.pool_.publish();
      while (!backend_.buried_.empty()) backend_.remove(backend_.buried_.popFront());
    }
    UringBackend& backend_;
  } const round(*this);

  ring_.reap([this](const io_uring_cqe& completion) { dispatch(completion); });
  detail::IntrusiveList<UringChannel> serving(std::move(ready_));
  while (!serving.empty()) serve(serving.popFront());
}

void UringBackend::serve(UringChannel& channel) {
  channel.work();
  if (channel.quiet() || channel.scheduled()) return;
  if (channel.closed() && !channel.inKernel())
    buried_.pushBack(channel);
  else if (channel.hasWishes() || channel.hasWork())
    (channel.starved() ? starved_ : scheduled_).pushBack(channel);
}

// The end.

void UringBackend::letGo() noexcept {
  const auto anyInKernel = [this] {
    return std::any_of(channels_.begin(), channels_.end(),
                       [](const UringChannel* channel) { return channel->inKernel(); });
  };
  bool progress = false;
  for (int tries = 0; anyInKernel() && tries < lettingGoTries; tries = progress ? 0 : tries + 1) {
    io_uring_sqe* const cancel = progress ? nullptr : request();
    if (cancel) {
      detail::prepareCancelAll(*cancel);
      cancel->user_data = nobody;
    }
    ring_.enter(1, lettingGoTime);
    progress = false;
    ring_.reap([&](const io_uring_cqe& completion) {
      progress |= completion.user_data != nobody;
      dispatch(completion);
    });
  }
  if (!anyInKernel()) return;
  // The kernel will be done with them at some time after the ring is closed.
  pool_.leak();
}

}  // namespace hawser
