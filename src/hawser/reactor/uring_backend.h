#pragma once

#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/descriptor_map.h>
#include <hawser/reactor/detail/intrusive_list.h>
#include <hawser/reactor/detail/uring.h>
#include <hawser/reactor/detail/uring_channel.h>
#include <hawser/reactor/detail/uring_pool.h>
#include <hawser/reactor/detail/uring_requests.h>
#include <hawser/reactor/detail/wakeup.h>
#include <hawser/reactor/epoll_backend.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hawser {

/// The reactor's work on io_uring, with one system call a turn however many connections are busy.
///
/// Accepting and receiving are requests that last; what arrives is written into buffers that all
/// channels share. A connection on which much arrives at a time is given larger buffers, one by
/// one. Needs Linux 6.1 and the permission to use it.
///
/// Datagrams and UNIX sockets are tried, and waited for, as epoll has it: their messages need room
/// for an address or for descriptors beside the bytes, and would not fit the shared buffers. The
/// ring watches one epoll descriptor for all of them.
class UringBackend final : public Backend {
 public:
  /// How much a ring holds. What does not fit waits; nothing is lost.
  struct Sizes {
    unsigned requests = 256;
    unsigned completions = 4096;
    /// The buffers for what arrives, of 4 KiB for everybody, of 64 KiB for those on whom much
    /// arrives at a time. Powers of two.
    unsigned smallBuffers = 512;
    unsigned largeBuffers = 16;
  };
  /// What one channel may deliver in one turn before the others get theirs.
  static constexpr std::size_t bytesPerTurn = 256 * 1024;
  static constexpr int acceptsPerTurn = 64;

  /// @throws ReactorNotAvailable if the kernel, or what guards it, does not permit it
  /// @throws std::system_error
  UringBackend() : UringBackend(Sizes{}) {}
  explicit UringBackend(const Sizes& sizes);
  ~UringBackend() override;

  std::string_view name() const noexcept override { return "io_uring"; }
  ChannelPtr open(int family, int type, int protocol) override;
  ChannelPtr adopt(FileDescriptor descriptor) override;
  ChannelPtr adoptWatched(FileDescriptor descriptor) override;
  TimePoint now() const noexcept override;
  void wait(std::optional<TimePoint> until) override;
  void deliver() override;
  void wake() noexcept override { wakeup_.wake(); }

 private:
  friend class detail::UringChannel;

  // For channels.
  ChannelPtr add(FileDescriptor descriptor, detail::SocketChannel::Kind kind);
  void schedule(detail::UringChannel& channel) noexcept {
    if (!channel.scheduled()) scheduled_.pushBack(channel);
  }
  void bury(detail::UringChannel& channel) noexcept;
  /// In a child of the process that made it: what is shared with that must be left alone.
  bool forked() const noexcept;
  /// Has the kernel do at once what was to wait for the end of the turn.
  void hurry() noexcept;
  /// Makes sure that the next `request` has a place.
  bool makeRoom() noexcept;
  io_uring_sqe* request() noexcept { return makeRoom() ? ring_.request() : nullptr; }
  detail::UringMessage* message() noexcept;

  void arrange() noexcept;
  /// Makes sure that a request that lasts tells when `descriptor` becomes readable.
  void watch(bool& watching, int descriptor, std::uint64_t number) noexcept;
  EpollBackend& readiness();
  void deliverCompletions();
  void deliverReadiness();
  void submit() noexcept;
  void dispatch(const io_uring_cqe& completion) noexcept;
  void noteWatched(const io_uring_cqe& completion) noexcept;
  void serve(detail::UringChannel& channel);
  void remove(detail::UringChannel& channel) noexcept;
  void letGo() noexcept;

  static constexpr std::uint64_t nobody = 0;
  static constexpr std::uint64_t wakeNumber = 1;
  static constexpr std::uint64_t readinessNumber = 2;

  detail::Wakeup wakeup_;
  detail::Uring ring_;
  detail::UringPool pool_;
  std::unique_ptr<EpollBackend> readiness_;  // once a channel needs it
  std::vector<std::unique_ptr<detail::UringMessage>> messages_;
  std::size_t messagesUsed_ = 0;
  std::vector<detail::UringChannel*> channels_;
  detail::DescriptorMap descriptors_;
  detail::IntrusiveList<detail::UringChannel> scheduled_;  // to be arranged before the next wait
  detail::IntrusiveList<detail::UringChannel> starved_;    // the same, and before those
  detail::IntrusiveList<detail::UringChannel> ready_;      // to be served in the next delivery
  detail::IntrusiveList<detail::UringChannel> buried_;
  unsigned forks_;
  bool watchingWakeup_ = false;
  bool watchingReadiness_ = false;
  bool readinessPending_ = false;  // its epoll has something to tell
  bool working_ = false;
};

}  // namespace hawser
