#include "traffic.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <utility>

namespace load {

void fail(const char* what) {
  std::fprintf(stderr, "reactor-load: %s\n", what);
  std::exit(1);
}

void failErrno(const char* what) {
  std::fprintf(stderr, "reactor-load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

std::uint64_t now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void Descriptor::reset() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Descriptor connectTo(std::uint16_t port) {
  static std::uint32_t calls = 0;
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) failErrno("socket");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + calls++ % 250);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    failErrno("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    failErrno("connect");
  return socket;
}

Pattern::Pattern(std::size_t messageBytes)
    : bytes_(messageBytes + shifts), messageBytes_(messageBytes) {
  std::mt19937_64 random(1);
  for (char& byte : bytes_) byte = static_cast<char>(random());
}

Waiting::Waiting() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_.get() < 0) failErrno("epoll_create1");
}

void Waiting::add(int descriptor, std::uint32_t index) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u32 = index;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) failErrno("epoll_ctl");
}

std::span<const epoll_event> Waiting::wait(int milliseconds) {
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
  if (count < 0 && errno != EINTR) failErrno("epoll_wait");
  return {events_.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
}

void Exchange::send(int descriptor) {
  while (sent_ < message_.size()) {
    const ssize_t count =
        ::send(descriptor, message_.data() + sent_, message_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EAGAIN || errno == ENOTCONN) return;
      failErrno("send");
    }
    sent_ += static_cast<std::size_t>(count);
  }
}

bool Exchange::receive(int descriptor) {
  static std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count == 0) fail("the server closed a connection");
    if (count < 0) {
      if (errno == EAGAIN || errno == ENOTCONN) return false;
      failErrno("recv");
    }
    const std::size_t bytes = static_cast<std::size_t>(count);
    if (bytes > message_.size() - received_) fail("the server sent more than it was sent");
    if (std::memcmp(buffer.data(), message_.data() + received_, bytes) != 0)
      fail("the server sent back other bytes than it was sent");
    received_ += bytes;
    if (received_ == message_.size()) return true;
    if (bytes < buffer.size()) return false;
  }
}

}  // namespace load
