// An echo server on libuv: one buffer for all that is read; a write is tried at once, and what is
// left is copied and queued.

#include "server.h"

#include <uv.h>

#include <array>
#include <cstring>
#include <vector>

namespace {

std::array<char, server::bufferBytes> buffer;

struct Write {
  uv_write_t request{};
  std::vector<char> bytes;
};

void close(uv_handle_t* handle) {
  if (!::uv_is_closing(handle))
    ::uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<uv_tcp_t*>(closed); });
}

void giveBuffer(uv_handle_t*, std::size_t, uv_buf_t* given) {
  *given = ::uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
}

void read(uv_stream_t* stream, ssize_t count, const uv_buf_t* from) {
  if (count == 0) return;
  if (count < 0) return close(reinterpret_cast<uv_handle_t*>(stream));
  uv_buf_t bytes = ::uv_buf_init(from->base, static_cast<unsigned>(count));
  const int written = ::uv_try_write(stream, &bytes, 1);
  if (written == count) return;
  const std::size_t taken = written < 0 ? 0 : static_cast<std::size_t>(written);
  auto* const rest = new Write;
  rest->bytes.assign(from->base + taken, from->base + count);
  rest->request.data = rest;
  bytes = ::uv_buf_init(rest->bytes.data(), static_cast<unsigned>(rest->bytes.size()));
  ::uv_write(&rest->request, stream, &bytes, 1,
             [](uv_write_t* request, int) { delete static_cast<Write*>(request->data); });
}

void connected(uv_stream_t* listening, int status) {
  if (status < 0) return;
  auto* const client = new uv_tcp_t;
  ::uv_tcp_init(listening->loop, client);
  if (::uv_accept(listening, reinterpret_cast<uv_stream_t*>(client)) != 0)
    return close(reinterpret_cast<uv_handle_t*>(client));
  ::uv_tcp_nodelay(client, 1);
  ::uv_read_start(reinterpret_cast<uv_stream_t*>(client), giveBuffer, read);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  uv_loop_t* const loop = ::uv_default_loop();
  uv_tcp_t listening;
  ::uv_tcp_init(loop, &listening);
  ::uv_tcp_open(&listening, server::listenOn(options.port));
  ::uv_listen(reinterpret_cast<uv_stream_t*>(&listening), server::backlog, connected);
  uv_os_fd_t descriptor = -1;
  ::uv_fileno(reinterpret_cast<uv_handle_t*>(&listening), &descriptor);
  server::announce(descriptor);
  ::uv_run(loop, UV_RUN_DEFAULT);
}
