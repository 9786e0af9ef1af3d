#include "torture/fault.h"
#include "torture/memory_scenarios.h"

#include <hawser/base/logging.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/datagram_protocol.h>
#include <hawser/net/datagram_transport.h>
#include <hawser/net/errors.h>
#include <hawser/net/host_lookup.h>
#include <hawser/net/udp.h>
#include <hawser/net/unix.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

namespace hawser::torture {
namespace {

// Names.

void lookUp(const char* backend) {
  int told = 0;
  Running running(backend);
  Reactor& reactor = running.reactor;
  running.turns = Running::untilTheEnd;
  lookupHost(reactor, "torture.test", 1)
      .addBoth([&](const Result<std::vector<Address>>& result) {
        ++told;
        running.turns = 3;
        if (!result) expectMemory(result.failure());
      })
      .addErrback(logging::err);
  running.run();
  EXPECT_EQ(told, 1);
}

// Datagrams.

class Member : public DatagramProtocol {
 public:
  ~Member() override { EXPECT_TRUE(!began_ || ended_) << "was never told of its end"; }
  void startProtocol() override { began_ = true; }
  void stopProtocol() override { ended_ = true; }
  bool open() const { return began_ && !ended_; }

 private:
  bool began_ = false;
  bool ended_ = false;
};
class EchoMember final : public Member {
 public:
  void datagramReceived(std::string_view datagram, const Address& from) override {
    transport().write(datagram, from);
  }
};
class Asker final : public Member {
 public:
  void datagramReceived(std::string_view datagram, const Address&) override {
    EXPECT_EQ(datagram, big);
    answered = true;
  }
  bool answered = false;
};

/// Asks until it is answered: a datagram that there was no memory for is lost. A port that cannot
/// be waited for is closed.
void askUntilAnswered(Running& running, const DatagramTransport& server, Asker& asker) {
  const auto over = [&] { return asker.answered || !server.listening() || !asker.open(); };
  running.turns = oneAloneFails() ? Running::untilTheEnd : 20;
  running.onTurn = [&] {
    if (over()) {
      running.turns = std::min(running.turns, 3);
      return;
    }
    try {
      asker.transport().write(big);
    } catch (const std::bad_alloc&) {
    }
  };
  running.run();
}

void udp(const char* backend) {
  Running running(backend);
  Reactor& reactor = running.reactor;
  const auto server =
      listenUDP(reactor, 0, std::make_shared<EchoMember>(), {.interface = "127.0.0.1"});
  const auto asker = std::make_shared<Asker>();
  const auto client = listenUDP(reactor, 0, asker, {.interface = "127.0.0.1"});
  client->connect(server->getHost());
  askUntilAnswered(running, *server, *asker);
}

void multicast(const char* backend) {
  Reactor reactor(makeBackend(backend));
  const auto port = listenUDP(reactor, 0, std::make_shared<EchoMember>());
  for (const char* const group : {"224.0.0.251", "no group"})
    port->joinGroup(group, "127.0.0.1").addErrback([](const MulticastJoinError&) {});
  port->setOutgoingInterface("no interface").addErrback([](const SocketOptionError&) {});
  port->stopListening().addErrback(logging::err);
}

/// The kernel has no room for the first one, so that it waits.
void datagramThatWaits(const char* backend) {
  static constexpr Failing full{"sendto", "EAGAIN", EAGAIN};
  Running running(backend);
  Reactor& reactor = running.reactor;
  const auto asker = std::make_shared<Asker>();
  const auto port = listenUDP(reactor, 0, asker, {.interface = "127.0.0.1"});
  port->connect(port->getHost());
  const Fault fault(full, 1);
  port->write(big);
  running.turns = oneAloneFails() ? Running::untilTheEnd : 200;
  running.onTurn = [&] {
    if (asker->answered || !port->listening()) running.turns = std::min(running.turns, 3);
  };
  running.run();
  EXPECT_EQ(port->queuedBytes(), 0u);
}

void unixDatagram(const char* backend) {
  const SafeFolder folder;
  Running running(backend);
  Reactor& reactor = running.reactor;
  const auto server =
      listenUNIXDatagram(reactor, folder / "server", std::make_shared<EchoMember>());
  const auto asker = std::make_shared<Asker>();
  const auto client =
      connectUNIXDatagram(reactor, folder / "server", asker, 65'536, 0666, folder / "client");
  askUntilAnswered(running, *server, *asker);
}

const MemoryScenario scenarios[] = {
    {"lookUp", lookUp},
    {"lookUpOnItsThread", lookUp, Whose::others},
    {"udp", udp},
    {"multicast", multicast},
    {"datagramThatWaits", datagramThatWaits},
    {"unixDatagram", unixDatagram},
};

class NoMemoryForDatagramsIn : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(NoMemoryForDatagramsIn, anythingIsABadAllocOrALossAndNobodyIsForgotten) {
  RecordProperty("failed", GetParam().walk());
}

INSTANTIATE_TEST_SUITE_P(, NoMemoryForDatagramsIn, ::testing::ValuesIn(memoryCases(scenarios)),
                         nameOfMemoryCase);

}  // namespace
}  // namespace hawser::torture
