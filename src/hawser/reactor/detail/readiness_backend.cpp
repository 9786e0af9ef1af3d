#include <hawser/reactor/detail/readiness_backend.h>

#include <fcntl.h>
#include <sys/socket.h>

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
  if (++lastGeneration_ == 0) ++lastGeneration_;
  auto* const channel = new ReadinessChannel(*this, std::move(descriptor), kind, lastGeneration_);
  descriptors_.add(*channel);
  return ChannelPtr(channel);
}

void ReadinessBackend::bury(ReadinessChannel& channel) noexcept {
  if (working_)
    buried_.pushBack(channel);
  else
    delete &channel;
}

ReadinessBackend::Round::Round(ReadinessBackend& backend) noexcept : backend_(backend) {
  backend_.working_ = true;
  scheduled_.take(backend_.scheduled_);
}

ReadinessBackend::Round::~Round() {
  backend_.working_ = false;
  backend_.scheduled_.take(scheduled_);
  while (!backend_.buried_.empty()) delete &backend_.buried_.popFront();
}

void ReadinessBackend::Round::serveScheduled() {
  while (!scheduled_.empty()) scheduled_.popFront().work();
}

}  // namespace hawser::detail
