#include <hawser/testing/detail/simulated_connection.h>

#include <hawser/testing/detail/simulated_channel.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace hawser::testing::simulated {

namespace {

using namespace std::chrono_literals;
using Kind = NetworkEvent::Kind;

// As Linux has it: a request is repeated after 1, 2, 4, ... s, 127 s in all.
constexpr unsigned mostRequests = 7;
constexpr auto firstRetry = 200ms;
constexpr auto longestRetry = 10s;
constexpr auto patience = 60s;

SimulatedStream streamFor(SimulatedKernel& kernel, const NetworkConditions& conditions) {
  const std::size_t sending = kernel.random().between(conditions.minBuffer, conditions.maxBuffer);
  const std::size_t receiving = kernel.random().between(conditions.minBuffer, conditions.maxBuffer);
  return {sending, receiving};
}

}  // namespace

SimulatedConnection::SimulatedConnection(SimulatedKernel& kernel, const Address& from,
                                         const Address& to)
    : kernel_(kernel),
      route_(kernel.route(from, to)),
      streams_{streamFor(kernel, kernel.conditionsOf(route_)),
               streamFor(kernel, kernel.conditionsOf(route_))} {
  ends_[caller].address = from;
  ends_[listener].address = to;
}

void SimulatedConnection::note(Kind kind, End end, std::size_t bytes, int error) {
  kernel_.note(kind, ends_[end].address, ends_[otherEnd(end)].address, bytes,
               {error, std::system_category()});
}

void SimulatedConnection::notify(End end) {
  if (ends_[end].channel) ends_[end].channel->notify();
}

// Making it.

void SimulatedConnection::call(SimulatedChannel& channel) {
  ends_[caller].channel = &channel;
  refused_ = kernel_.random().chance(conditions().refusing);
  hanging_ = kernel_.random().chance(conditions().hanging);
  note(Kind::connecting, caller);
  kernel_.after(latency(), [self = shared_from_this()] { self->requestArrives(0); });
}

void SimulatedConnection::requestArrives(unsigned tries) {
  if (ends_[caller].closed) return;
  SimulatedChannel* const found = kernel_.listenerAt(ends_[listener].address);
  if (hanging_ || !route_.passable() || (found && found->queueFull())) {
    note(Kind::unanswered, caller);
    if (tries == mostRequests) return breakEnd(caller, ETIMEDOUT);
    kernel_.after(std::chrono::seconds(1 << tries),
                  [self = shared_from_this(), tries] { self->requestArrives(tries + 1); });
    return;
  }
  if (refused_ || !found) {
    note(Kind::refused, caller);
    kernel_.after(latency(), [self = shared_from_this()] { self->breakEnd(caller, ECONNREFUSED); });
    return;
  }
  answered_ = true;
  note(Kind::established, caller);
  found->queue(shared_from_this());
  kernel_.after(latency(), [self = shared_from_this()] { self->confirm(0); });
}

void SimulatedConnection::confirm(unsigned tries) {
  if (established_ || ends_[caller].closed || ends_[caller].error != 0) return;
  if (route_.passable()) {
    established_ = true;
    return notify(caller);
  }
  note(Kind::blocked, caller);
  if (tries == mostRequests) return breakEnd(caller, ETIMEDOUT);
  kernel_.after(std::chrono::seconds(1 << tries),
                [self = shared_from_this(), tries] { self->confirm(tries + 1); });
}

// Sending.

void SimulatedConnection::send(End end, SendQueue& data, std::size_t bytes) {
  streams_[end].send(data, bytes, kernel_.now() + latency());
  note(Kind::sent, end, bytes);
  plan(end);
}

void SimulatedConnection::finish(End end) {
  if (streams_[end].finishing()) return;
  note(Kind::finished, end);
  streams_[end].finish(kernel_.now() + latency());
  plan(end);
}

void SimulatedConnection::consume(End end, std::size_t bytes) {
  const End from = otherEnd(end);
  const bool wasFull = !streams_[from].nextArrival();
  streams_[from].consume(bytes);
  // The sender learns later that there is room again.
  if (wasFull) streams_[from].holdUntil(kernel_.now() + latency());
  plan(from);
}

void SimulatedConnection::plan(End from) {
  Side& side = ends_[from];
  if (side.arrivalPlanned) return;
  const auto next = streams_[from].nextArrival();
  if (!next) return;
  side.arrivalPlanned = true;
  kernel_.at(*next, [self = shared_from_this(), from] {
    self->ends_[from].arrivalPlanned = false;
    self->arrive(from);
  });
}

void SimulatedConnection::arrive(End from) {
  const End to = otherEnd(from);
  if (!streams_[from].nextArrival()) return;  // it was dropped meanwhile
  if (stalled_ || cutOff_ || !route_.passable()) return blocked(from);
  ends_[from].blockedSince.reset();
  if (kernel_.random().chance(conditions().resetting)) {
    cutOff_ = true;
    sendReset(from);
    sendReset(to);
    return blocked(from);
  }
  if (kernel_.random().chance(conditions().stalling)) {
    stalled_ = true;
    note(Kind::stalled, to);
    return blocked(from);
  }
  arriveSome(from);
}

void SimulatedConnection::arriveSome(End from) {
  const End to = otherEnd(from);
  SimulatedStream& stream = streams_[from];
  std::size_t bytes = stream.arrivable(kernel_.now());
  if (ends_[to].error != 0 || (ends_[to].closed && bytes > 0)) {
    // Nobody is there to read it; what this end still had to say is lost, too, unless it is before
    // a reset that is under way.
    if (ends_[to].error == 0) {
      streams_[to].dropUnderWay();
      ends_[to].error = ECONNRESET;
    }
    if (ends_[from].error != 0) return stream.dropUnderWay();
    sendReset(from);
    stream.holdUntil(kernel_.now() + 1s);  // and tried again, lest that got lost
    return plan(from);
  }
  if (bytes > 0) {
    if (kernel_.random().chance(conditions().cutting)) bytes = kernel_.random().between(1, bytes);
    stream.arrive(bytes);
    note(Kind::arrived, to, bytes);
  }
  if (stream.arriveEnd(kernel_.now())) note(Kind::endArrived, to);
  if (to == caller) established_ = true;
  stream.holdUntil(kernel_.now() + kernel_.random().between(0ns, conditions().maxGap));
  plan(from);
  notify(from);
  notify(to);
}

void SimulatedConnection::blocked(End from) {
  Side& side = ends_[from];
  note(Kind::blocked, otherEnd(from));
  // A socket that was reset does not try again.
  if (side.error != 0) return streams_[from].dropUnderWay();
  if (!side.blockedSince) {
    side.blockedSince = kernel_.now();
    side.retry = firstRetry;
  } else if (kernel_.now() - *side.blockedSince > patience) {
    note(Kind::broken, from, 0, ETIMEDOUT);
    return breakEnd(from, ETIMEDOUT);
  }
  streams_[from].holdUntil(kernel_.now() + side.retry);
  side.retry = std::min<SimulatedKernel::Duration>(2 * side.retry, longestRetry);
  plan(from);
}

// Ending it.

void SimulatedConnection::close(End end, bool abort) {
  Side& side = ends_[end];
  side.channel = nullptr;
  side.closed = true;
  if (side.error != 0 || (end == caller && !answered_)) return;
  if (abort || !unread(end).empty())
    reset(end);
  else
    finish(end);
}

void SimulatedConnection::reset(End end) {
  note(Kind::aborted, end);
  ends_[end].error = ECONNRESET;
  sendReset(otherEnd(end));
  // The buffer is gone, and with it what kept the other one from sending: he will get a reset, too,
  // if this one does not reach him.
  SimulatedStream& incoming = streams_[otherEnd(end)];
  incoming.dropUnread();
  incoming.holdUntil(kernel_.now() + latency());
  plan(otherEnd(end));
}

void SimulatedConnection::sendReset(End to) {
  // It does not overtake what is under way on the same connection.
  auto arrival = kernel_.now() + latency();
  if (const auto last = streams_[otherEnd(to)].lastArrival()) arrival = std::max(arrival, *last);
  kernel_.at(arrival, [self = shared_from_this(), to] { self->resetArrives(to); });
}

void SimulatedConnection::resetArrives(End end) {
  if (ends_[end].error != 0) return;
  if (stalled_ || !route_.passable()) return note(Kind::blocked, end);
  note(Kind::resetArrived, end);
  if (kernel_.random().chance(kernel_.kernel.destructiveResets))
    streams_[otherEnd(end)].dropUnread();
  breakEnd(end, end == caller && !established_ ? ECONNREFUSED : ECONNRESET);
}

void SimulatedConnection::breakEnd(End end, int error) {
  if (ends_[end].error != 0) return;
  ends_[end].error = error;
  streams_[end].dropUnderWay();
  notify(end);
}

}  // namespace hawser::testing::simulated
