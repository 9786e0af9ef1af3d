#include <hawser/testing/detail/simulated_backend.h>

#include <hawser/testing/detail/simulated_channel.h>
#include <hawser/testing/detail/simulated_datagram_channel.h>

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace hawser::testing::simulated {

namespace {

[[noreturn]] void refuse(int error, const char* what) {
  throw std::system_error(error, std::system_category(), what);
}

}  // namespace

SimulatedBackend::~SimulatedBackend() { kernel_->detachAll(); }

ChannelPtr SimulatedBackend::open(int family, int type, int) {
  if (family != AF_INET && family != AF_INET6)
    refuse(EAFNOSUPPORT, "a simulated network has IPv4 and IPv6 only");
  if (type != SOCK_STREAM && type != SOCK_DGRAM)
    refuse(EPROTONOSUPPORT, "a simulated network has streams and datagrams only");
  if (kernel_->full()) refuse(EMFILE, "socket");
  const auto version = family == AF_INET ? Address::Family::ipv4 : Address::Family::ipv6;
  if (type == SOCK_DGRAM) return ChannelPtr(new SimulatedDatagramChannel(*kernel_, version));
  return ChannelPtr(new SimulatedChannel(*kernel_, version));
}

ChannelPtr SimulatedBackend::adopt(FileDescriptor) {
  refuse(ENOTSUP, "a simulated network has no descriptors");
}

}  // namespace hawser::testing::simulated
