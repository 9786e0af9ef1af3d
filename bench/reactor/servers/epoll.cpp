// An echo server on epoll by hand: the limit. One system call to receive, one to send, and what
// cannot be sent at once is kept.

#include "server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <unordered_map>

namespace {

std::array<char, server::bufferBytes> buffer;
std::unordered_map<int, std::string> unsent;  // few have any

/// @returns false if the connection is over
bool flush(int socket) {
  const auto found = unsent.find(socket);
  if (found == unsent.end()) return true;
  std::string& rest = found->second;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    rest.erase(0, static_cast<std::size_t>(sent));
  }
  unsent.erase(found);
  return true;
}

bool echo(int socket) {
  if (!unsent.empty() && unsent.contains(socket)) {
    if (!flush(socket)) return false;
    if (unsent.contains(socket)) return true;  // the edge that says it can be written comes here
  }
  for (;;) {
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    const ssize_t sent =
        ::send(socket, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
    if (sent != count) {
      if (sent < 0 && errno != EAGAIN) return false;
      const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
      unsent[socket].assign(buffer.data() + taken, static_cast<std::size_t>(count) - taken);
      return true;
    }
    if (static_cast<std::size_t>(count) < buffer.size()) return true;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  const int listening = server::listenOn(options.port);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listening;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
  server::announce(listening);

  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket == listening) {
        for (int tries = 0; tries < 64; ++tries) {
          const int accepted = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
          if (accepted < 0) break;
          event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
          event.data.fd = accepted;
          ::epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
        }
        continue;
      }
      const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
      bool open = true;
      if ((what & EPOLLIN) != 0)
        open = echo(socket);
      else if ((what & EPOLLOUT) != 0 && !unsent.empty())
        open = flush(socket) && (unsent.contains(socket) || echo(socket));
      // With the end of the stream behind the bytes, another edge will not come.
      if (open && (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) open = echo(socket);
      if (!open) {
        unsent.erase(socket);
        ::close(socket);
      }
    }
  }
}
