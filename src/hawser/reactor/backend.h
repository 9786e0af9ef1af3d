#pragma once

#include <hawser/base/durations.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/file_descriptor.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace hawser {

/// The part of a reactor that talks to the kernel, or plays it: channels, waiting, and time.
///
/// A Backend has one user, its Reactor, which calls `wait` and `deliver` once a turn, and is
/// reached by transports through `Reactor::backend()`, to make channels. `makeBackend` makes one by
/// name. They differ in cost, never in what the layers above see.
///
/// Everything belongs to the reactor's thread, `wake` excepted.
class Backend {
 public:
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  /// Closes the channels that still live; their owners may keep them, but they do nothing.
  virtual ~Backend() = default;

  /// As `makeBackend` knows it: `epoll`, ...
  virtual std::string_view name() const noexcept = 0;

  /// A new socket, closed by exec. Family, type and protocol as for `socket(2)`.
  /// @throws std::system_error
  virtual ChannelPtr open(int family, int type, int protocol = 0) = 0;
  /// Takes over a stream socket or pipe that was opened elsewhere, and makes it blocking or
  /// non-blocking as the backend needs it.
  /// @throws std::system_error; also, with ENOTSUP, in a backend without descriptors
  virtual ChannelPtr adopt(FileDescriptor descriptor) = 0;
  /// The same for what has to be watched by readiness: a pidfd, the writing end of a pipe, a
  /// terminal. From the first two nothing can be read, so `receive` tells nothing but the end, with
  /// whatever error: the process has ended, the pipe's last reader is gone.
  virtual ChannelPtr adoptWatched(FileDescriptor descriptor);

  /// The time, read afresh.
  virtual TimePoint now() const noexcept = 0;

  /// Waits until an operation has completed (or has already), `wake` was called (or was since the
  /// last wait), or it is `until`; for ever if there is no `until`. May return early. Calls nobody.
  /// @throws std::system_error if waiting is impossible
  virtual void wait(std::optional<TimePoint> until) = 0;
  /// Calls the handlers of what has completed.
  virtual void deliver() = 0;

  /// Ends the wait under way, or the next one. Any thread may call it, and any signal handler.
  virtual void wake() noexcept = 0;
};

/// The names of all backends: `epoll`, `poll`, `io_uring`. This kernel may refuse some of them.
std::span<const std::string_view> backendNames() noexcept;

/// Makes a backend for `Reactor reactor(makeBackend("poll"))`.
/// @throws NoSuchReactor if there is none of this name, with the names that there are
/// @throws ReactorNotAvailable if this kernel, or what guards it, does not permit it, with the
/// reason
/// @throws std::system_error if descriptors or memory are short
std::unique_ptr<Backend> makeBackend(std::string_view name);

/// The backend that a Reactor takes if it is not given one: what the environment variable
/// `HAWSER_REACTOR` names, or `epoll` if that is not set or is empty.
/// @throws NoSuchReactor, ReactorNotAvailable, if they come from that variable saying so
/// @throws std::system_error
std::unique_ptr<Backend> makeDefaultBackend();

}  // namespace hawser
