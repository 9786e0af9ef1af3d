#pragma once

#include <hawser/base/durations.h>
#include <hawser/reactor/send_queue.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::testing::simulated {

/// One direction of a simulated connection: the sender's buffer, the way, and the receiver's
/// buffer. It knows what may arrive when; that it does is the connection's affair.
///
/// Bytes leave the sending buffer when they enter the receiving one.
class SimulatedStream {
 public:
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  SimulatedStream(std::size_t sendRoom, std::size_t receiveRoom) noexcept
      : sendCapacity_(sendRoom), receiveCapacity_(receiveRoom) {}

  // The sender's side.

  std::size_t sendRoom() const noexcept { return sendCapacity_ - underWay(); }
  /// Takes the first `bytes` of the queue, for which there is room; they arrive at `arrival` at
  /// the earliest.
  void send(SendQueue& data, std::size_t bytes, TimePoint arrival);
  /// Nothing more will be sent.
  void finish(TimePoint arrival);
  bool finishing() const noexcept { return finishing_; }
  /// Everything that has not arrived is lost.
  void dropUnderWay() noexcept;

  // The way.

  /// When the next piece may arrive; none if nothing is under way or the receiver has no room.
  std::optional<TimePoint> nextArrival() const noexcept;
  /// When the last of what is under way may; none if nothing is.
  std::optional<TimePoint> lastArrival() const noexcept;
  /// Nothing arrives before this.
  void holdUntil(TimePoint time) noexcept;
  /// How many bytes can arrive now.
  std::size_t arrivable(TimePoint now) const noexcept;
  /// This many of them do.
  void arrive(std::size_t bytes);
  /// If all bytes have arrived and the end may: it does, and this is true.
  bool arriveEnd(TimePoint now) noexcept;

  // The receiver's side.

  std::string_view unread() const noexcept { return std::string_view(received_).substr(read_); }
  void consume(std::size_t bytes) noexcept;
  void dropUnread() noexcept;
  bool ended() const noexcept { return ended_; }

 private:
  /// What was sent at one time.
  struct Batch {
    std::uint64_t end;  ///< counted from the beginning of the stream
    TimePoint arrival;
  };
  std::size_t underWay() const noexcept { return sent_.size() - arrived_; }
  std::size_t receiveRoom() const noexcept { return receiveCapacity_ - unread().size(); }

  std::string sent_;  // from here the first `arrived_` bytes have arrived
  std::size_t arrived_ = 0;
  std::uint64_t arrivedInAll_ = 0;
  std::vector<Batch> batches_;
  std::string received_;  // of which the first `read_` bytes have been read
  std::size_t read_ = 0;
  std::size_t sendCapacity_;
  std::size_t receiveCapacity_;
  TimePoint notBefore_{};
  TimePoint endArrival_{};
  bool finishing_ = false;
  bool ended_ = false;
};

}  // namespace hawser::testing::simulated
