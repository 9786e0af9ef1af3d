#include "modes.h"
#include "traffic.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace load {

namespace {

/// So many places, each of which connects, exchanges one message, closes, and begins again.
class Churn {
 public:
  explicit Churn(const Options& options)
      : port_(options.port),
        pattern_(options.bytes),
        places_(options.connections),
        limit_(options.echoes == 0 ? UINT64_MAX : options.echoes * options.connections) {
    for (std::uint32_t i = 0; i < places_.size(); ++i) begin(i);
  }

  /// @returns the time at the end
  std::uint64_t runUntil(std::uint64_t end) {
    std::uint64_t time = now();
    while (time < end && done < limit_) {
      const auto events = waiting_.wait(10'000);
      if (events.empty()) fail("the server has not answered for 10 seconds");
      for (const epoll_event& event : events) {
        Place& place = places_[event.data.u32];
        place.exchange.send(place.socket.get());
        if (!place.exchange.receive(place.socket.get())) continue;
        ++done;
        begin(event.data.u32);
      }
      time = now();
    }
    return time;
  }

  std::uint64_t done = 0;

 private:
  struct Place {
    Descriptor socket;
    Exchange exchange;
  };

  void begin(std::uint32_t index) {
    Place& place = places_[index];
    place.socket.reset();
    if (number_ == limit_) return;
    place.socket = connectTo(port_);
    place.exchange.begin(pattern_.message(number_++));
    waiting_.add(place.socket.get(), index);
  }

  std::uint16_t port_;
  Pattern pattern_;
  Waiting waiting_;
  std::vector<Place> places_;
  std::uint64_t limit_;  // of connections, in all
  std::uint64_t number_ = 0;
};

std::uint64_t length(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

void churn(const Options& options) {
  const ServerProcess server(options.server);
  Churn churn(options);
  if (options.echoes != 0) {
    churn.runUntil(UINT64_MAX);
    return;
  }
  const std::uint64_t began = churn.runUntil(now() + length(options.warmUp));
  churn.done = 0;
  const std::uint64_t cpuBefore = server.cpuTime();
  const std::uint64_t ended = churn.runUntil(began + length(options.seconds));
  const double seconds = static_cast<double>(ended - began) / 1e9;
  const double count = static_cast<double>(churn.done);
  std::printf(
      "{\"connections\": %llu, \"seconds\": %.4f, \"per_second\": %.0f, \"cpu_ns\": %.1f}\n",
      static_cast<unsigned long long>(churn.done), seconds, count / seconds,
      static_cast<double>(server.cpuTime() - cpuBefore) / count);
}

void soak(const Options& options) {
  const ServerProcess server(options.server);
  Churn churn(options);
  const std::uint64_t began = now(), end = began + length(options.seconds);
  for (std::uint64_t time = began; time < end;) {
    time = churn.runUntil(std::min(end, time + length(10)));
    std::printf(
        "{\"seconds\": %.0f, \"connections\": %llu, \"memory_bytes\": %zu,"
        " \"descriptors\": %zu, \"cpu_seconds\": %.1f}\n",
        static_cast<double>(time - began) / 1e9, static_cast<unsigned long long>(churn.done),
        server.memory(), server.descriptors(), static_cast<double>(server.cpuTime()) / 1e9);
    std::fflush(stdout);
  }
}

}  // namespace load
