// An echo server on libev, which watches descriptors and leaves reading and writing to its user.

#include "server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

// libev hands around pointers to its own base types.
#pragma GCC diagnostic ignored "-Wstrict-aliasing"
#include <ev.h>

namespace {

std::array<char, server::bufferBytes> buffer;

struct Connection {
  ev_io reading;
  ev_io writing;
  std::string unsent;
};

void close(struct ev_loop* loop, Connection* connection) {
  ::ev_io_stop(loop, &connection->reading);
  ::ev_io_stop(loop, &connection->writing);
  ::close(connection->reading.fd);
  delete connection;
}

void read(struct ev_loop* loop, ev_io* watcher, int) {
  auto* const connection = static_cast<Connection*>(watcher->data);
  const ssize_t count = ::recv(watcher->fd, buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return close(loop, connection);
  const ssize_t sent =
      ::send(watcher->fd, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (sent == count) return;
  if (sent < 0 && errno != EAGAIN) return close(loop, connection);
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  connection->unsent.assign(buffer.data() + taken, static_cast<std::size_t>(count) - taken);
  ::ev_io_stop(loop, &connection->reading);
  ::ev_io_start(loop, &connection->writing);
}

void write(struct ev_loop* loop, ev_io* watcher, int) {
  auto* const connection = static_cast<Connection*>(watcher->data);
  const ssize_t sent =
      ::send(watcher->fd, connection->unsent.data(), connection->unsent.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return close(loop, connection);
  if (sent > 0) connection->unsent.erase(0, static_cast<std::size_t>(sent));
  if (!connection->unsent.empty()) return;
  ::ev_io_stop(loop, &connection->writing);
  ::ev_io_start(loop, &connection->reading);
}

void accept(struct ev_loop* loop, ev_io* watcher, int) {
  for (int tries = 0; tries < 64; ++tries) {
    const int socket = ::accept4(watcher->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    auto* const connection = new Connection;
    ev_io_init(&connection->reading, read, socket, EV_READ);
    ev_io_init(&connection->writing, write, socket, EV_WRITE);
    connection->reading.data = connection->writing.data = connection;
    ::ev_io_start(loop, &connection->reading);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  struct ev_loop* const loop = ::ev_default_loop(EVBACKEND_EPOLL);
  const int socket = server::listenOn(options.port);
  ev_io listening;
  ev_io_init(&listening, accept, socket, EV_READ);
  ::ev_io_start(loop, &listening);
  server::announce(socket);
  ::ev_run(loop, 0);
}
