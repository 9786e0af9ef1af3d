#include "modes.h"
#include "traffic.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace load {

void idle(const Options& options) {
  const Pattern pattern(options.bytes);
  const ServerProcess server(options.server);
  Waiting waiting;
  std::vector<Descriptor> sockets;
  sockets.reserve(options.connections);

  // One echo on each of a few, all at once.
  const auto exchange = [&](std::size_t first, std::size_t count) {
    std::vector<Exchange> exchanges(count);
    std::vector<bool> done(exchanges.size());
    for (std::size_t i = 0; i < exchanges.size(); ++i)
      exchanges[i].begin(pattern.message(first + i));
    for (std::size_t open = exchanges.size();;) {
      for (std::size_t i = 0; i < exchanges.size(); ++i) {
        if (done[i]) continue;
        exchanges[i].send(sockets[first + i].get());
        if (!exchanges[i].receive(sockets[first + i].get())) continue;
        done[i] = true;
        --open;
      }
      if (open == 0) return;
      if (waiting.wait(10'000).empty()) fail("the server has not answered for 10 seconds");
    }
  };
  const auto connect = [&] {
    sockets.push_back(connectTo(options.port));
    waiting.add(sockets.back().get(), 0);
  };

  // What the first connection costs is paid once.
  connect();
  exchange(0, 1);
  const std::size_t before = server.memory();
  while (sockets.size() <= options.connections) {
    connect();
    // A server accepts in order: when this one has its answer, all have been accepted.
    if (sockets.size() % 256 == 0) exchange(sockets.size() - 1, 1);
  }
  exchange(sockets.size() - 1, 1);
  const std::size_t held = server.memory();
  for (std::size_t first = 1; first < sockets.size(); first += 256)
    exchange(first, std::min<std::size_t>(256, sockets.size() - first));
  const std::size_t served = server.memory();

  const auto each = [&](std::size_t memory) {
    return (static_cast<double>(memory) - static_cast<double>(before)) /
           static_cast<double>(options.connections);
  };
  std::printf(
      "{\"connections\": %zu, \"bytes_silent\": %.0f, \"bytes_served\": %.0f,"
      " \"descriptors\": %zu}\n",
      options.connections, each(held), each(served), server.descriptors());
}

}  // namespace load
