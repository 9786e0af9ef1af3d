#include <hawser/reactor/detail/readiness_backend.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace hawser::detail {

namespace {

[[noreturn]] void throwErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

ReadinessBackend::ReadinessBackend()
    : readBuffer_(std::make_unique_for_overwrite<std::byte[]>(readBufferBytes)) {}

ReadinessBackend::~ReadinessBackend() {
  for (ReadinessChannel* const channel : scheduled_)
    if (channel->closed()) destroy(*channel);
  descriptors_.forEach(
      [](SocketChannel& channel) { static_cast<ReadinessChannel&>(channel).detach(); });
}

ChannelPtr ReadinessBackend::open(int family, int type, int protocol) {
  FileDescriptor descriptor(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!descriptor) throwErrno("socket");
  const SocketChannel::Kind kind = family == AF_UNIX && type == SOCK_STREAM
                                       ? SocketChannel::Kind::unixStream
                                       : SocketChannel::kindOfSocket(type);
  SocketChannel::takeUrgentDataForOrdinaryData(descriptor.get(), kind);
  return add(std::move(descriptor), kind);
}

ChannelPtr ReadinessBackend::adopt(FileDescriptor descriptor) {
  const SocketChannel::Kind kind = SocketChannel::kindOf(descriptor.get());
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  if (flags < 0 || ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) != 0) throwErrno("fcntl");
  SocketChannel::takeUrgentDataForOrdinaryData(descriptor.get(), kind);
  return add(std::move(descriptor), kind);
}

Backend::TimePoint ReadinessBackend::now() const noexcept {
  return std::chrono::steady_clock::now();
}

ChannelPtr ReadinessBackend::add(FileDescriptor descriptor, ReadinessChannel::Kind kind) {
  descriptors_.expect(descriptor.get());
  if (channels_ == room_) makeRoom();
  if (++lastGeneration_ == 0) ++lastGeneration_;
  auto* const channel = new ReadinessChannel(*this, std::move(descriptor), kind, lastGeneration_);
  ++channels_;
  descriptors_.add(*channel);
  return ChannelPtr(channel);
}

void ReadinessBackend::makeRoom() {
  const std::size_t room = std::max<std::size_t>(16, 2 * room_);
  scheduled_.reserve(room);
  serving_.reserve(room);
  room_ = room;
}

void ReadinessBackend::destroy(ReadinessChannel& channel) noexcept {
  --channels_;
  delete &channel;
}

void ReadinessBackend::bury(ReadinessChannel& channel) noexcept {
  if (channel.listed()) return;  // until it is visited
  if (!working_) return destroy(channel);
  channel.buryBefore(buried_);
  buried_ = &channel;
}

ReadinessBackend::Round::Round(ReadinessBackend& backend) noexcept : backend_(backend) {
  backend_.working_ = true;
  backend_.serving_.swap(backend_.scheduled_);
}

ReadinessBackend::Round::~Round() {
  backend_.working_ = false;
  std::vector<ReadinessChannel*>& serving = backend_.serving_;
  for (; served_ < serving.size(); ++served_) backend_.scheduled_.push_back(serving[served_]);
  serving.clear();
  while (ReadinessChannel* const channel = backend_.buried_) {
    backend_.buried_ = channel->nextBuried();
    backend_.destroy(*channel);
  }
}

void ReadinessBackend::Round::serveScheduled() {
  while (served_ < backend_.serving_.size()) {
    ReadinessChannel& channel = *backend_.serving_[served_++];
    const bool due = channel.visit();
    if (channel.closed())
      backend_.destroy(channel);
    else if (due)
      channel.work();
  }
}

}  // namespace hawser::detail
