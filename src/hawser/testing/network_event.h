#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/address.h>

#include <cstddef>
#include <string>
#include <system_error>

namespace hawser::testing {

/// Something that happened in a simulated network, as its observer is told.
struct NetworkEvent {
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  enum class Kind {
    // The network's side.
    connecting,    ///< `host` asks `peer` for a connection
    unanswered,    ///< that got lost, and will be tried again
    refused,       ///< `peer` says no to `host`
    established,   ///< `peer`, which listens, has a connection with `host`
    arrived,       ///< `bytes` reach `host` from `peer`
    endArrived,    ///< so does the end of what `peer` sends
    blocked,       ///< what `peer` sends does not reach `host`, and will be tried again
    stalled,       ///< nothing reaches `host` from `peer` any more
    resetArrived,  ///< `host` learns that the connection with `peer` is reset
    broken,        ///< `host` gives the connection with `peer` up, for `error`
    lost,          ///< a datagram of `bytes` from `peer` does not reach `host`
    partitioned,   ///< nothing passes between the two
    healed,        ///< it does again
    // The program's side.
    listening,      ///< `host` listens; `bytes` is the length of its queue
    accepted,       ///< `host` was given the connection with `peer`
    acceptFailed,   ///< `host` could not accept, for `error`
    connected,      ///< `host` was told that it is connected with `peer`
    connectFailed,  ///< `host` was told that it is not, for `error`
    sent,           ///< the kernel of `host` has taken `bytes` for `peer`
    sendFailed,     ///< `host` was told that sending to `peer` failed, for `error`
    received,       ///< `host` was given `bytes` of `peer`
    receiveEnded,   ///< `host` was told that nothing follows from `peer`, for `error` if any
    finished,       ///< `host` sends no more to `peer`
    aborted,        ///< `host` resets the connection with `peer`
    closed,         ///< `host` closes its channel
  };

  Kind kind;
  TimePoint at;
  Address host;
  Address peer;
  std::size_t bytes;
  std::error_code error;

  /// One line: `12.345678901 arrived tcp:10.0.0.1:10000 tcp:10.0.0.2:49152 512 bytes`.
  std::string toString() const;
};

}  // namespace hawser::testing
