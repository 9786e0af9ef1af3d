#include <hawser/net/factory.h>

#include <hawser/net/stdio.h>
#include <hawser/net/udp.h>
#include <hawser/net/unix.h>
#include <hawser/testing/deferred_matchers.h>

#include "net/net_fixture.h"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace hawser::nettest {
namespace {

const Address peer = Address::parse("127.0.0.1:1");

class Greeter final : public Protocol {
 public:
  Greeter(std::string greeting, int times) : text(std::move(greeting)), count(times) {}
  void dataReceived(std::string_view) override {}

  std::string text;
  int count;
};

TEST(Factory, forProtocolMakesANewOneOfTheSameArgumentsEachTime) {
  const auto factory = Factory::forProtocol<Greeter>("hello", 3);
  const auto first = std::static_pointer_cast<Greeter>(factory->buildProtocol(peer));
  const auto second = std::static_pointer_cast<Greeter>(factory->buildProtocol(peer));
  EXPECT_NE(first, second);
  EXPECT_EQ(second->text, "hello");
  EXPECT_EQ(second->count, 3);
}

TEST(Factory, forProtocolMakesProtocolsOfAnySizeAndAlignment) {
  struct Wide : Protocol {
    void dataReceived(std::string_view) override {}
    alignas(128) char bytes[1024];
  };
  const auto wide =
      std::static_pointer_cast<Wide>(Factory::forProtocol<Wide>()->buildProtocol(peer));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide->bytes) % 128, 0u);
  EXPECT_EQ(wide->weak_from_this().lock(), wide);
}

TEST(Factory, fromAFunctionIsCalledWithThePeersAddress) {
  const auto factory = factoryFrom([](const Address& address) -> std::shared_ptr<Protocol> {
    if (address.port() == 1) return nullptr;
    return std::make_shared<Greeter>(address.toString(), 1);
  });
  EXPECT_FALSE(factory->buildProtocol(peer));
  const auto built = std::static_pointer_cast<Greeter>(factory->buildProtocol(peer.withPort(2)));
  EXPECT_EQ(built->text, "tcp:127.0.0.1:2");
}

TEST(Factory, isStartedByItsFirstUserAndStoppedByItsLast) {
  PeerFactory factory;
  for (int round = 1; round <= 2; ++round) {
    factory.doStart();
    factory.doStart();
    factory.doStop();
    EXPECT_EQ(factory.stops, round - 1);
    factory.doStop();
    EXPECT_EQ(factory.starts, round);
    EXPECT_EQ(factory.stops, round);
  }
  EXPECT_THROW(factory.doStop(), std::logic_error);
}

TEST(Factory, thatIsNullIsRefusedByWhomItIsGivenTo) {
  Reactor reactor;
  const auto refused = [](const std::string& function, const std::function<void()>& call) {
    SCOPED_TRACE(function);
    try {
      call();
      ADD_FAILURE() << "it was not refused";
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(), function + ": there is no factory");
    }
  };
  refused("listenTCP", [&] { listenTCP(reactor, 0, nullptr, 5, "127.0.0.1"); });
  refused("listenUNIX", [&] { listenUNIX(reactor, std::string("\0hawser", 7), nullptr); });
  refused("connectTCP", [&] { connectTCP(reactor, "127.0.0.1", 1, nullptr); });
  refused("connectUNIX", [&] { connectUNIX(reactor, "/nowhere", nullptr); });
  refused("ClientEndpoint::connect",
          [&] { static_cast<void>(TCP4ClientEndpoint(reactor, "127.0.0.1", 1).connect(nullptr)); });
  for (const char* const text : {"tcp:0:interface=127.0.0.1", "unix:@hawser", "stdio:"}) {
    SCOPED_TRACE(text);
    testing::failureResultOf<std::invalid_argument>(
        serverFromString(reactor, text).listen(nullptr));
  }
}

TEST(Factory, isNotNeededWhereAProtocolIsAndThatMustNotBeNull) {
  Reactor reactor;
  EXPECT_THROW(listenUDP(reactor, 0, nullptr, {.interface = "127.0.0.1"}), std::invalid_argument);
  EXPECT_THROW(listenUNIXDatagram(reactor, "", nullptr), std::invalid_argument);
  EXPECT_THROW(connectUNIXDatagram(reactor, "/nowhere", nullptr), std::invalid_argument);
  EXPECT_THROW(StandardIO(reactor, nullptr), std::invalid_argument);
}

}  // namespace
}  // namespace hawser::nettest
