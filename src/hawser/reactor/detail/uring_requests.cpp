#include <hawser/reactor/detail/uring_requests.h>

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace hawser::detail {

namespace {

// The kernel takes no more at a time anyway.
constexpr std::size_t mostPerSend = 1 << 30;
// Of a file: where it stands.
constexpr std::uint64_t currentOffset = UINT64_MAX;

std::uint64_t addressOf(const void* memory) noexcept {
  return reinterpret_cast<std::uintptr_t>(memory);
}

}  // namespace

void prepareAccept(io_uring_sqe& request) noexcept {
  request.opcode = IORING_OP_ACCEPT;
  request.ioprio = IORING_ACCEPT_MULTISHOT;
  request.accept_flags = SOCK_CLOEXEC;
}

void prepareReceive(io_uring_sqe& request, SocketChannel::Kind kind, const UringBuffers& buffers,
                    bool lasts) noexcept {
  const bool file = kind == SocketChannel::Kind::file;
  request.opcode = file ? IORING_OP_READ : IORING_OP_RECV;
  request.flags = IOSQE_BUFFER_SELECT;
  request.buf_group = buffers.group();
  if (lasts)
    request.ioprio = IORING_RECV_MULTISHOT;
  else
    request.len = static_cast<std::uint32_t>(buffers.bytes());
  if (file) request.off = currentOffset;
}

void prepareConnect(io_uring_sqe& request, const NativeAddress& address) noexcept {
  request.opcode = IORING_OP_CONNECT;
  request.addr = addressOf(address.get());
  request.off = address.size;
}

void prepareSend(io_uring_sqe& request, SocketChannel::Kind kind, const SendQueue& data,
                 UringMessage* message) noexcept {
  if (!message) {
    const std::string_view piece = data.front();
    request.opcode = IORING_OP_SEND;
    request.addr = addressOf(piece.data());
    request.len = static_cast<std::uint32_t>(std::min(piece.size(), mostPerSend));
    request.msg_flags = MSG_NOSIGNAL;
    return;
  }
  const std::size_t count = data.gather(message->pieces);
  if (kind == SocketChannel::Kind::file) {
    request.opcode = IORING_OP_WRITEV;
    request.addr = addressOf(message->pieces.data());
    request.len = static_cast<std::uint32_t>(count);
    request.off = currentOffset;
    return;
  }
  message->header = {};
  message->header.msg_iov = message->pieces.data();
  message->header.msg_iovlen = count;
  request.opcode = IORING_OP_SENDMSG;
  request.addr = addressOf(&message->header);
  request.len = 1;
  request.msg_flags = MSG_NOSIGNAL;
}

void prepareWatch(io_uring_sqe& request, int descriptor) noexcept {
  request.opcode = IORING_OP_POLL_ADD;
  request.fd = descriptor;
  request.len = IORING_POLL_ADD_MULTI;
  request.poll32_events = POLLIN;
}

void prepareCancel(io_uring_sqe& request, std::uint64_t number) noexcept {
  request.opcode = IORING_OP_ASYNC_CANCEL;
  request.fd = -1;
  request.addr = number;
}

void prepareCancelAll(io_uring_sqe& request) noexcept {
  request.opcode = IORING_OP_ASYNC_CANCEL;
  request.fd = -1;
  request.cancel_flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
}

void prepareClose(io_uring_sqe& request, int descriptor) noexcept {
  request.opcode = IORING_OP_CLOSE;
  request.flags = IOSQE_CQE_SKIP_SUCCESS;
  request.fd = descriptor;
}

}  // namespace hawser::detail
