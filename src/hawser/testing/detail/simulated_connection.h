#pragma once

#include <hawser/net/address.h>
#include <hawser/testing/detail/simulated_kernel.h>
#include <hawser/testing/detail/simulated_stream.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

namespace hawser::testing::simulated {

/// A TCP connection, or the attempt to make one, as the two kernels and the wire between them see
/// it.
///
/// It lives as long as a channel holds it or something of it is on its way, so what a program sent
/// before it closed its channel arrives afterwards. As with the real thing, a channel that is
/// closed with bytes unread, or that gets some later, answers with a reset; what cannot pass is
/// tried again, and given up after a minute.
class SimulatedConnection : public std::enable_shared_from_this<SimulatedConnection> {
 public:
  enum End : std::size_t { caller, listener };
  static constexpr End otherEnd(End end) noexcept { return end == caller ? listener : caller; }

  SimulatedConnection(SimulatedKernel& kernel, const Address& from, const Address& to);

  /// Asks for the connection. The channel is told by `notify`.
  void call(SimulatedChannel& channel);
  /// The listener's program has accepted it.
  void attach(SimulatedChannel& channel) noexcept { ends_[listener].channel = &channel; }
  /// The channel of this end is closed.
  void close(End end, bool abort);

  bool established() const noexcept { return established_; }
  /// Why this end is broken; 0 if it is not.
  int error(End end) const noexcept { return ends_[end].error; }
  const Address& address(End end) const noexcept { return ends_[end].address; }

  std::size_t sendRoom(End end) const noexcept { return streams_[end].sendRoom(); }
  bool finishing(End end) const noexcept { return streams_[end].finishing(); }
  void send(End end, SendQueue& data, std::size_t bytes);
  void finish(End end);

  std::string_view unread(End end) const noexcept { return streams_[otherEnd(end)].unread(); }
  bool ended(End end) const noexcept { return streams_[otherEnd(end)].ended(); }
  void consume(End end, std::size_t bytes);

 private:
  struct Side {
    Address address;
    SimulatedChannel* channel = nullptr;  // null: not accepted yet, or closed
    bool closed = false;
    int error = 0;
    // Of what this end sends.
    bool arrivalPlanned = false;
    std::optional<SimulatedKernel::TimePoint> blockedSince;
    SimulatedKernel::Duration retry{};
  };

  void requestArrives(unsigned tries);
  void confirm(unsigned tries);
  void plan(End from);
  void arrive(End from);
  void arriveSome(End from);
  void blocked(End from);
  void reset(End end);
  void sendReset(End to);
  void resetArrives(End end);
  void breakEnd(End end, int error);
  void notify(End end);
  void note(NetworkEvent::Kind kind, End end, std::size_t bytes = 0, int error = 0);
  SimulatedKernel::Duration latency() { return kernel_.latency(route_); }
  const NetworkConditions& conditions() const { return kernel_.conditionsOf(route_); }

  SimulatedKernel& kernel_;
  SimulatedRoute& route_;
  std::array<Side, 2> ends_;
  std::array<SimulatedStream, 2> streams_;  // what that end sends
  bool refused_ = false;
  bool hanging_ = false;
  bool answered_ = false;     // the listener has it
  bool established_ = false;  // and the caller knows
  bool stalled_ = false;
  bool cutOff_ = false;  // the network has reset it
};

}  // namespace hawser::testing::simulated
