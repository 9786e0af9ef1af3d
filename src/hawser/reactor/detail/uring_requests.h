#pragma once

#include <hawser/reactor/detail/socket_channel.h>
#include <hawser/reactor/detail/uring_buffers.h>
#include <hawser/reactor/native_address.h>
#include <hawser/reactor/send_queue.h>

#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>

namespace hawser::detail {

// How the kernel wants its requests written. Each function fills a cleared request, all but the
// descriptor and the number.

/// What the kernel reads while it takes a request that sends many pieces, and no longer.
struct UringMessage {
  msghdr header;
  std::array<iovec, 64> pieces;
};

void prepareAccept(io_uring_sqe& request) noexcept;
/// @param lasts one request for all that will come; only for sockets
void prepareReceive(io_uring_sqe& request, SocketChannel::Kind kind, const UringBuffers& buffers,
                    bool lasts) noexcept;
/// The address must live as long as the request.
void prepareConnect(io_uring_sqe& request, const NativeAddress& address) noexcept;
/// Can this be sent without a message?
inline bool isOnePiece(SocketChannel::Kind kind, const SendQueue& data) noexcept {
  return kind != SocketChannel::Kind::file && data.isOnePiece();
}
/// The data must live as long as the request.
/// @param message null if it is one piece
void prepareSend(io_uring_sqe& request, SocketChannel::Kind kind, const SendQueue& data,
                 UringMessage* message) noexcept;
/// Reports each time that `descriptor` becomes readable.
void prepareWatch(io_uring_sqe& request, int descriptor) noexcept;
void prepareCancel(io_uring_sqe& request, std::uint64_t number) noexcept;
void prepareCancelAll(io_uring_sqe& request) noexcept;
/// Completes only if it fails.
void prepareClose(io_uring_sqe& request, int descriptor) noexcept;

}  // namespace hawser::detail
