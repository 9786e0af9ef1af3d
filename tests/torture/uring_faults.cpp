#include "torture/uring_faults.h"

#include "torture/fault.h"

#include <cstddef>
#include <map>

namespace hawser::torture {

namespace {

// IORING_NOP_INJECT_RESULT (Linux 6.10). Older kernels answer it with EINVAL, an error as well.
constexpr unsigned injectResult = 1;

struct Ring {
  io_uring_params parameters{};
  std::byte* rings = nullptr;
  io_uring_sqe* requests = nullptr;
  unsigned seen = 0;  // requests before this one were looked at
};
// By descriptor. Used on the test's thread only.
std::map<int, Ring>& rings() {
  static std::map<int, Ring> all;
  return all;
}

const char* nameOf(const io_uring_sqe& request) noexcept {
  switch (request.opcode) {
    case IORING_OP_ACCEPT:
      return "request:accept";
    case IORING_OP_CONNECT:
      return "request:connect";
    case IORING_OP_RECV:
    case IORING_OP_READ:
      return "request:receive";
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
    case IORING_OP_WRITEV:
      return "request:send";
    case IORING_OP_POLL_ADD:
      return "request:watch";
    case IORING_OP_ASYNC_CANCEL:
      return "request:cancel";
    default:
      return "";  // closing: fails only for a descriptor that is none
  }
}

}  // namespace

void ringMade(int descriptor, const io_uring_params& parameters) {
  rings()[descriptor] = Ring{parameters, nullptr, nullptr, 0};
}

void ringMapped(int descriptor, off_t offset, void* memory) {
  const auto found = rings().find(descriptor);
  if (found == rings().end()) return;
  if (static_cast<unsigned long>(offset) == IORING_OFF_SQ_RING)
    found->second.rings = static_cast<std::byte*>(memory);
  else if (static_cast<unsigned long>(offset) == IORING_OFF_SQES)
    found->second.requests = static_cast<io_uring_sqe*>(memory);
}

void changeRequests(int descriptor, unsigned count) {
  const auto found = rings().find(descriptor);
  if (found == rings().end() || !found->second.rings || !found->second.requests) return;
  Ring& ring = found->second;
  const unsigned head = __atomic_load_n(
      reinterpret_cast<unsigned*>(ring.rings + ring.parameters.sq_off.head), __ATOMIC_ACQUIRE);
  for (unsigned place = head; place != head + count; ++place) {
    if (static_cast<int>(place - ring.seen) < 0) continue;
    ring.seen = place + 1;
    io_uring_sqe& request = ring.requests[place & (ring.parameters.sq_entries - 1)];
    const int error = errorNow(nameOf(request));
    if (error == 0) continue;
    const auto number = request.user_data;
    request = {};
    request.opcode = IORING_OP_NOP;
    request.rw_flags = injectResult;
    request.len = static_cast<unsigned>(-error);
    request.user_data = number;
  }
}

}  // namespace hawser::torture
