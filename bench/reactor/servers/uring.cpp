// An echo server on io_uring by hand: the limit. Accepting and receiving last (multishot), received
// bytes come in provided buffers, and are sent back out of them; one system call a turn.

#include "server.h"

#include <liburing.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>

namespace {

constexpr unsigned buffers = 1024;
constexpr unsigned pieceBytes = 4096;  // larger buffers lose, when all are in use
enum Operation : std::uint64_t { accepting, receiving, sending, closing };

io_uring ring;
io_uring_buf_ring* pool = nullptr;
char* memory = nullptr;

io_uring_sqe* next() {
  io_uring_sqe* request = ::io_uring_get_sqe(&ring);
  if (!request) {
    ::io_uring_submit(&ring);
    request = ::io_uring_get_sqe(&ring);
  }
  return request;
}

char* bufferOf(unsigned number) { return memory + std::size_t{number} * pieceBytes; }

void giveBack(unsigned number) {
  ::io_uring_buf_ring_add(pool, bufferOf(number), pieceBytes, static_cast<unsigned short>(number),
                          ::io_uring_buf_ring_mask(buffers), 0);
  ::io_uring_buf_ring_advance(pool, 1);
}

// What comes back with a completion: operation, buffer, bytes, socket.
std::uint64_t tag(Operation operation, int socket, unsigned buffer = 0) {
  return std::uint64_t{operation} << 60 | std::uint64_t{buffer} << 32 |
         static_cast<std::uint32_t>(socket);
}

void receive(int socket) {
  io_uring_sqe* const request = next();
  ::io_uring_prep_recv(request, socket, nullptr, 0, 0);
  request->ioprio |= IORING_RECV_MULTISHOT;
  request->flags |= IOSQE_BUFFER_SELECT;
  request->buf_group = 0;
  request->user_data = tag(receiving, socket);
}

void send(int socket, unsigned buffer, unsigned bytes) {
  io_uring_sqe* const request = next();
  ::io_uring_prep_send(request, socket, bufferOf(buffer), bytes, MSG_WAITALL | MSG_NOSIGNAL);
  request->user_data = tag(sending, socket, buffer);
}

void accept(int listening) {
  io_uring_sqe* const request = next();
  ::io_uring_prep_multishot_accept(request, listening, nullptr, nullptr, SOCK_CLOEXEC);
  request->user_data = tag(accepting, listening);
}

void close(int socket) {
  io_uring_sqe* const request = next();
  ::io_uring_prep_close(request, socket);
  request->user_data = tag(closing, socket);
}

void handle(const io_uring_cqe& completion) {
  const auto operation = static_cast<Operation>(completion.user_data >> 60);
  const int socket = static_cast<int>(completion.user_data & 0xffffffff);
  const bool more = (completion.flags & IORING_CQE_F_MORE) != 0;
  switch (operation) {
    case accepting:
      if (completion.res >= 0) receive(completion.res);
      if (!more) accept(socket);
      break;
    case receiving:
      if (completion.res > 0)
        send(socket, completion.flags >> IORING_CQE_BUFFER_SHIFT,
             static_cast<unsigned>(completion.res));
      else if (completion.res != -ENOBUFS)
        return close(socket);
      if (!more) receive(socket);
      break;
    case sending:
      giveBack(static_cast<unsigned>(completion.user_data >> 32 & 0xffff));
      break;
    case closing:
      break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  const int listening = server::listenOn(options.port);
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  parameters.cq_entries = 16384;
  if (::io_uring_queue_init_params(4096, &ring, &parameters) < 0) server::fail("io_uring_setup");
  io_uring_buf_reg registration{};
  pool = static_cast<io_uring_buf_ring*>(::mmap(nullptr, buffers * sizeof(io_uring_buf),
                                                PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE,
                                                -1, 0));
  memory = static_cast<char*>(std::malloc(std::size_t{buffers} * pieceBytes));
  registration.ring_addr = reinterpret_cast<std::uint64_t>(pool);
  registration.ring_entries = buffers;
  if (::io_uring_register_buf_ring(&ring, &registration, 0) < 0) server::fail("io_uring_register");
  ::io_uring_buf_ring_init(pool);
  for (unsigned i = 0; i < buffers; ++i) giveBack(i);
  accept(listening);
  server::announce(listening);

  for (;;) {
    ::io_uring_submit_and_wait(&ring, 1);
    io_uring_cqe* completion = nullptr;
    unsigned head = 0, count = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      handle(*completion);
      ++count;
    }
    ::io_uring_cq_advance(&ring, count);
  }
}
