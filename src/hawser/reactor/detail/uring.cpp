#include <hawser/reactor/detail/uring.h>

#include <hawser/reactor/detail/uring_buffers.h>
#include <hawser/reactor/detail/uring_requests.h>
#include <hawser/reactor/detail/wait_time.h>
#include <hawser/reactor/errors.h>

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace hawser::detail {

namespace {

#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer holds signals back until the next call that it knows, and io_uring_enter is none:
// who waits there would not hear of them. So under it nobody waits long, or without such a call
// before.
void shortenWait(std::optional<std::chrono::nanoseconds>& time) noexcept {
  constexpr std::chrono::nanoseconds longest = std::chrono::milliseconds(20);
  constexpr timespec none{};
  ::ppoll(nullptr, 0, &none, nullptr);
  time = std::min(time.value_or(longest), longest);
}
#else
void shortenWait(std::optional<std::chrono::nanoseconds>&) noexcept {}
#endif

[[noreturn]] void throwError(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

[[noreturn]] void refuse(const char* why) {
  throw ReactorNotAvailable(fmt::format("io_uring: {}", why));
}

std::byte* map(std::size_t bytes, int flags, int descriptor, std::uint64_t offset) {
  void* const start =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, static_cast<off_t>(offset));
  if (start == MAP_FAILED) throwError(errno, "mapping memory for io_uring");
  return static_cast<std::byte*>(start);
}

FileDescriptor setUp(unsigned entries, io_uring_params& parameters) {
  const int descriptor = static_cast<int>(::syscall(SYS_io_uring_setup, entries, &parameters));
  if (descriptor >= 0) return FileDescriptor(descriptor);
  switch (errno) {
    case ENOSYS:
      refuse("this kernel does not have it");
    case EPERM:
    case EACCES:
      refuse("not permitted here (kernel.io_uring_disabled, or a seccomp filter)");
    case EINVAL:
      refuse("this kernel is too old (Linux 6.1)");
    default:
      throwError(errno, "io_uring_setup");
  }
}

}  // namespace

MappedMemory::MappedMemory(std::size_t bytes)
    : start_(map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), bytes_(bytes) {}

MappedMemory::MappedMemory(std::size_t bytes, int descriptor, std::uint64_t offset)
    : start_(map(bytes, MAP_SHARED | MAP_POPULATE, descriptor, offset)), bytes_(bytes) {}

MappedMemory::MappedMemory(MappedMemory&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)), bytes_(other.bytes_) {}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedMemory::~MappedMemory() {
  if (start_) ::munmap(start_, bytes_);
}

Uring::Uring(unsigned submissions, unsigned completions) {
  io_uring_params parameters{};
  // Disabled at first: the thread that enables it is the one it belongs to, and that need not be
  // the one that makes it.
  parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL |
                     IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                     IORING_SETUP_DEFER_TASKRUN;
  parameters.cq_entries = completions;
  descriptor_ = setUp(submissions, parameters);
  constexpr unsigned needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP |
                              IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_FAST_POLL |
                              IORING_FEAT_EXT_ARG;
  if ((parameters.features & needed) != needed) refuse("this kernel lacks what is needed of it");

  const std::size_t requestRing =
      parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
  const std::size_t completionRing =
      parameters.cq_off.cqes + parameters.cq_entries * sizeof(io_uring_cqe);
  rings_ =
      MappedMemory(std::max(requestRing, completionRing), descriptor_.get(), IORING_OFF_SQ_RING);
  requestMemory_ = MappedMemory(parameters.sq_entries * sizeof(io_uring_sqe), descriptor_.get(),
                                IORING_OFF_SQES);
  requests_ = requestMemory_.at<io_uring_sqe>(0);
  requestHead_ = rings_.at<unsigned>(parameters.sq_off.head);
  requestTail_ = rings_.at<unsigned>(parameters.sq_off.tail);
  requestMask_ = *rings_.at<unsigned>(parameters.sq_off.ring_mask);
  completions_ = rings_.at<io_uring_cqe>(parameters.cq_off.cqes);
  completionHead_ = rings_.at<unsigned>(parameters.cq_off.head);
  completionTail_ = rings_.at<unsigned>(parameters.cq_off.tail);
  completionMask_ = *rings_.at<unsigned>(parameters.cq_off.ring_mask);
  // The kernel's ring holds indices of requests; here each place has its own request for ever.
  unsigned* const places = rings_.at<unsigned>(parameters.sq_off.array);
  for (unsigned place = 0; place < parameters.sq_entries; ++place) places[place] = place;
}

int Uring::enter(unsigned completions, std::optional<std::chrono::nanoseconds> time) noexcept {
  if (!enabled_) {
    if (const int error = registerWith(IORING_REGISTER_ENABLE_RINGS, nullptr, 0)) return error;
    enabled_ = true;
  }
  if (completions != 0) shortenWait(time);
  __kernel_timespec timeout{};
  io_uring_getevents_arg argument{};
  if (time && completions != 0) {
    timeout = toTimespec<__kernel_timespec>(*time);
    argument.ts = reinterpret_cast<std::uintptr_t>(&timeout);
  }
  __atomic_store_n(requestTail_, tail_, __ATOMIC_RELEASE);
  const long taken =
      ::syscall(SYS_io_uring_enter, descriptor_.get(), tail_ - submitted_, completions,
                IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof argument);
  submitted_ = __atomic_load_n(requestHead_, __ATOMIC_ACQUIRE);
  return taken < 0 ? errno : 0;
}

int Uring::registerWith(unsigned operation, void* argument, unsigned count) noexcept {
  return ::syscall(SYS_io_uring_register, descriptor_.get(), operation, argument, count) < 0 ? errno
                                                                                             : 0;
}

namespace {

void probeOperations(Uring& ring) {
  constexpr std::size_t asked = IORING_OP_LAST;
  alignas(io_uring_probe)
      std::array<std::byte, sizeof(io_uring_probe) + asked * sizeof(io_uring_probe_op)>
          memory{};
  auto* const answer = reinterpret_cast<io_uring_probe*>(memory.data());
  if (ring.registerWith(IORING_REGISTER_PROBE, answer, asked) != 0)
    refuse("it does not tell what it can do");
  for (const int operation : {IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_RECV, IORING_OP_SEND,
                              IORING_OP_SENDMSG, IORING_OP_READ, IORING_OP_WRITEV,
                              IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE})
    if (operation > answer->last_op || (answer->ops[operation].flags & IO_URING_OP_SUPPORTED) == 0)
      refuse("it lacks an operation that is needed");
}

void probeReceiving(Uring& ring) {
  UringBuffers buffers(ring, 0, 2, 64);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throwError(errno, "socketpair");
  const FileDescriptor reading(ends[0]);
  const FileDescriptor writing(ends[1]);
  if (::send(writing.get(), "?", 1, MSG_NOSIGNAL) != 1) throwError(errno, "send");
  io_uring_sqe* const request = ring.request();
  request->fd = reading.get();
  prepareReceive(*request, SocketChannel::Kind::streamSocket, buffers, true);
  int error = EINTR;
  while (error == EINTR) error = ring.enter(1, std::chrono::seconds(1));
  if (error == EPERM || error == EACCES || error == ENOSYS)
    refuse("entering it is not permitted (a seccomp filter)");
  if (error != 0 && error != ETIME) throwError(error, "io_uring_enter");
  bool received = false;
  ring.reap([&](const io_uring_cqe& completion) {
    received |= completion.res == 1 && (completion.flags & IORING_CQE_F_MORE) != 0;
  });
  if (!received) refuse("a receive that lasts does not work on this kernel (Linux 6.1)");
}

}  // namespace

void probeUring() {
  static std::atomic<bool> works = false;
  if (works.load(std::memory_order_relaxed)) return;
  Uring ring(4, 8);
  probeOperations(ring);
  probeReceiving(ring);
  works.store(true, std::memory_order_relaxed);
}

}  // namespace hawser::detail
