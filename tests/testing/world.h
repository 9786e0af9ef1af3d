#pragma once

#include "testing/talker.h"

#include <hawser/base/failure.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/tcp.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/simulated_network.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace hawser::testing {

inline constexpr const char* here = "10.0.0.1";
inline constexpr const char* there = "10.0.0.2";

inline NetworkConditions calm() {
  NetworkConditions conditions;
  conditions.cutting = 0;
  return conditions;
}
inline KernelConditions obliging() {
  return {.shortReads = 0, .shortWrites = 0, .lateSends = 0, .destructiveResets = 0};
}

/// A world with a server on 10.0.0.2, and clients on 10.0.0.1.
struct World {
  explicit World(std::uint64_t seed, const NetworkConditions& conditions = calm(),
                 const KernelConditions& kernel = obliging())
      : network(seed, conditions, kernel) {
    port = listenTCP(reactor, 10000, servers, defaultBacklog, there);
  }

  std::shared_ptr<Talker> connect() {
    auto client = std::make_shared<Talker>();
    connectProtocol(HostnameEndpoint(reactor, there, 10000), client)
        .addCallback([](const std::shared_ptr<Talker>&) {})
        .addErrback([this](const Failure& why) { failure = why; });
    return client;
  }
  /// A client and its server, connected.
  std::pair<std::shared_ptr<Talker>, std::shared_ptr<Talker>> pair() {
    const std::size_t before = servers->all.size();
    auto client = connect();
    network.run(reactor, [&] { return client->made && servers->all.size() > before; });
    return {client, servers->all.back()};
  }
  std::chrono::nanoseconds time() const { return network.now().time_since_epoch(); }

  std::optional<Failure> failure;
  std::shared_ptr<Talkers> servers = std::make_shared<Talkers>();
  SimulatedNetwork network;
  Reactor reactor{network.makeBackend()};
  std::shared_ptr<Port> port;
};

}  // namespace hawser::testing
