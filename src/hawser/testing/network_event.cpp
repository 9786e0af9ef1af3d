#include <hawser/testing/network_event.h>

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace hawser::testing {

namespace {

std::string_view nameOf(NetworkEvent::Kind kind) {
  using enum NetworkEvent::Kind;
  switch (kind) {
    case connecting:
      return "connecting";
    case unanswered:
      return "unanswered";
    case refused:
      return "refused";
    case established:
      return "established";
    case arrived:
      return "arrived";
    case endArrived:
      return "endArrived";
    case blocked:
      return "blocked";
    case stalled:
      return "stalled";
    case resetArrived:
      return "resetArrived";
    case broken:
      return "broken";
    case lost:
      return "lost";
    case partitioned:
      return "partitioned";
    case healed:
      return "healed";
    case listening:
      return "listening";
    case accepted:
      return "accepted";
    case acceptFailed:
      return "acceptFailed";
    case connected:
      return "connected";
    case connectFailed:
      return "connectFailed";
    case sent:
      return "sent";
    case sendFailed:
      return "sendFailed";
    case received:
      return "received";
    case receiveEnded:
      return "receiveEnded";
    case finished:
      return "finished";
    case aborted:
      return "aborted";
    case closed:
      return "closed";
  }
  return "?";
}

}  // namespace

std::string NetworkEvent::toString() const {
  const std::int64_t nanoseconds = at.time_since_epoch().count();
  std::string text =
      fmt::format("{}.{:09} {} {} {}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000,
                  nameOf(kind), host.toString(), peer.toString());
  if (bytes > 0) text += fmt::format(" {} bytes", bytes);
  if (error) text += fmt::format(" ({})", error.message());
  return text;
}

}  // namespace hawser::testing
