#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/address.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/simulated_network.h>

#include <cstddef>
#include <vector>

namespace hawser::testing {

/// A reactor without a network, for tests of code that connects and listens: it writes down who
/// wanted to, and that is all that happens (Twisted's `MemoryReactor`).
///
///     MemoryReactor memory;
///     startService(memory);  // takes a Reactor&
///     EXPECT_EQ(memory.tcpServers().at(0).host.port(), 10000);
///     EXPECT_EQ(memory.tcpClients().at(0).peer.toString(), "tcp:192.0.2.1:25");
///
/// Listening succeeds, and nobody comes. Connecting is never answered: it lasts until it is
/// cancelled or its time is over, which `advance` brings about. To go further, let both ends talk
/// in a SimulatedNetwork, or give the protocol a StringTransport.
class MemoryReactor {
 public:
  struct TcpServer {
    Address host;         ///< with the port that was chosen, if it asked for 0
    std::size_t backlog;  ///< the length of its listen queue
  };
  struct TcpClient {
    Address peer;
    Address host;  ///< where it connects from
  };

  MemoryReactor();

  Reactor& reactor() noexcept { return reactor_; }
  operator Reactor&() noexcept { return reactor_; }

  /// Who has listened, and who has tried to connect, in order.
  const std::vector<TcpServer>& tcpServers() const noexcept { return servers_; }
  const std::vector<TcpClient>& tcpClients() const noexcept { return clients_; }

  /// Moves its time, and makes the calls that are due then, in as many turns as it takes; the last
  /// turn is at the new time.
  void advance(Reactor::Duration amount);

 private:
  void see(const NetworkEvent& event);

  std::vector<TcpServer> servers_;
  std::vector<TcpClient> clients_;
  SimulatedNetwork network_;
  Reactor reactor_;
};

}  // namespace hawser::testing
