#pragma once

// What the code in docs/howto/testing.md takes for granted.

#include <hawser/hawser.h>
#include <hawser/testing/clean_test.h>
#include <hawser/testing/deferred_matchers.h>
#include <hawser/testing/fake_clock.h>
#include <hawser/testing/leftovers.h>
#include <hawser/testing/memory_reactor.h>
#include <hawser/testing/simulated_network.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;
using hawser::testing::failureResultOf;

struct GreeterFactory : ServerFactory {
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;
};

/// Keeps what it hears until the connection is over.
struct Listener : Protocol {
  void dataReceived(std::string_view bytes) override;
  void connectionLost(const Failure& reason) override;
  std::string heard;
  bool done = false;
  std::optional<Failure> reason;
};

#define GUIDE_PARAMETERS \
  [[maybe_unused]] Reactor &reactor, [[maybe_unused]] hawser::testing::SimulatedNetwork &network
