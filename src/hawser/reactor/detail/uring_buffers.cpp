#include <hawser/reactor/detail/uring_buffers.h>

#include <hawser/reactor/errors.h>

#include <cerrno>
#include <system_error>

namespace hawser::detail {

UringBuffers::UringBuffers(Uring& ring, std::uint16_t group, unsigned count, std::size_t bytes)
    : ring_(count * sizeof(io_uring_buf)),
      memory_(count * bytes),
      bytes_(bytes),
      mask_(count - 1),
      group_(group) {
  io_uring_buf_reg description{};
  description.ring_addr = reinterpret_cast<std::uintptr_t>(ring_.get());
  description.ring_entries = count;
  description.bgid = group;
  const int error = ring.registerWith(IORING_REGISTER_PBUF_RING, &description, 1);
  if (error == EINVAL || error == EPERM || error == EACCES)
    throw ReactorNotAvailable(
        "io_uring: this kernel does not provide rings of buffers (Linux 6.1)");
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "making the buffers of io_uring");
  for (unsigned buffer = 0; buffer < count; ++buffer) giveBack(buffer);
  publish();
}

void UringBuffers::publish() noexcept {
  __atomic_store_n(&ring_.at<io_uring_buf>(0)->resv, tail_, __ATOMIC_RELEASE);
}

void UringBuffers::leak() noexcept {
  ring_.leak();
  memory_.leak();
}

}  // namespace hawser::detail
