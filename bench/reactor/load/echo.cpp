#include "modes.h"
#include "traffic.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace load {

namespace {

struct Connection {
  Descriptor socket;
  Exchange exchange;
  std::uint64_t sentAt = 0;
  std::uint64_t echoes = 0;
};

double microseconds(std::vector<std::uint32_t>& times, double share) {
  if (times.empty()) return 0;
  const auto place =
      times.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size() - 1));
  std::nth_element(times.begin(), place, times.end());
  return *place / 1e3;
}

}  // namespace

void echo(const Options& options) {
  const Pattern pattern(options.bytes);
  const ServerProcess server(options.server);
  Waiting waiting;
  std::vector<Connection> connections(options.connections);
  std::vector<std::uint32_t> times;
  times.reserve(1 << 20);
  std::uint64_t number = 0;

  const auto begin = [&](Connection& connection) {
    connection.exchange.begin(pattern.message(number++));
    connection.sentAt = now();
    connection.exchange.send(connection.socket.get());
  };

  for (std::uint32_t i = 0; i < connections.size(); ++i) {
    connections[i].socket = connectTo(options.port);
    waiting.add(connections[i].socket.get(), i);
  }
  for (Connection& connection : connections) begin(connection);

  const auto length = [](double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); };
  const std::uint64_t start = now() + length(options.warmUp);
  const std::uint64_t end = start + length(options.seconds);
  std::uint64_t busy = connections.size(), total = 0, began = 0, cpuBefore = 0, last = now();
  while (busy != 0) {
    if (began == 0 && last >= start) {
      began = now();
      cpuBefore = server.cpuTime();
      total = 0;
      times.clear();
    }
    if (options.echoes == 0 && last >= end) break;
    const auto events = waiting.wait(10'000);
    if (events.empty()) fail("the server has not answered for 10 seconds");
    for (const epoll_event& event : events) {
      Connection& connection = connections[event.data.u32];
      if (connection.echoes == options.echoes && options.echoes != 0) continue;
      connection.exchange.send(connection.socket.get());
      if (!connection.exchange.receive(connection.socket.get())) continue;
      ++total;
      ++connection.echoes;
      last = now();
      times.push_back(static_cast<std::uint32_t>(
          std::min<std::uint64_t>(last - connection.sentAt, UINT32_MAX)));
      if (connection.echoes == options.echoes && options.echoes != 0)
        --busy;
      else
        begin(connection);
    }
    last = now();
  }
  const double seconds = static_cast<double>(last - began) / 1e9;
  const double cpu = static_cast<double>(server.cpuTime() - cpuBefore);
  const double count = static_cast<double>(total);
  std::printf(
      "{\"echoes\": %llu, \"seconds\": %.4f, \"per_second\": %.0f, \"cpu_ns\": %.1f,"
      " \"p50_us\": %.1f, \"p99_us\": %.1f, \"mb_per_second\": %.1f}\n",
      static_cast<unsigned long long>(total), seconds, count / seconds, cpu / count,
      microseconds(times, 0.5), microseconds(times, 0.99),
      count * static_cast<double>(options.bytes) / seconds / 1e6);
}

}  // namespace load
