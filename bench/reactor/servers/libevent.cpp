// An echo server on libevent's bufferevents: what was read is moved to what is to be written.

#include "server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

namespace {

void read(bufferevent* connection, void*) {
  ::evbuffer_add_buffer(::bufferevent_get_output(connection), ::bufferevent_get_input(connection));
}

void happened(bufferevent* connection, short what, void*) {
  if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) ::bufferevent_free(connection);
}

void accepted(evconnlistener*, evutil_socket_t socket, sockaddr*, int, void* base) {
  bufferevent* const connection =
      ::bufferevent_socket_new(static_cast<event_base*>(base), socket, BEV_OPT_CLOSE_ON_FREE);
  ::bufferevent_set_max_single_read(connection, server::bufferBytes);
  ::bufferevent_set_max_single_write(connection, server::bufferBytes);
  ::bufferevent_setcb(connection, read, nullptr, happened, nullptr);
  ::bufferevent_enable(connection, EV_READ | EV_WRITE);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  event_base* const base = ::event_base_new();
  const int socket = server::listenOn(options.port);
  ::evconnlistener_new(base, accepted, base, LEV_OPT_CLOSE_ON_EXEC, -1, socket);
  server::announce(socket);
  ::event_base_dispatch(base);
}
