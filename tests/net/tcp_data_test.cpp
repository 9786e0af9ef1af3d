#include "net/net_fixture.h"

#include <algorithm>

namespace hawser::nettest {
namespace {

class TcpData : public TcpTest {};

TEST_P(TcpData, arrivesAtTheOtherEndAndComesBack) {
  peers->prepare = [](Peer& server) {
    server.onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
  };
  const auto [client, server] = connect();
  client->transport().write("hello");
  until([&] { return client->received == "hello"; });
  EXPECT_EQ(server->received, "hello");
}

TEST_P(TcpData, mayBeWrittenAsSoonAsTheConnectionIsMade) {
  peers->prepare = [](Peer& server) {
    server.onMade = [](Peer& self) { self.transport().write("from the server"); };
  };
  const auto [client, server] = connect([](Peer& peer) {
    peer.onMade = [](Peer& self) { self.transport().write("from the client"); };
  });
  until([&] { return !client->received.empty() && !server->received.empty(); });
  EXPECT_EQ(client->received, "from the server");
  EXPECT_EQ(server->received, "from the client");
}

TEST_P(TcpData, leavesInOnePieceIfWrittenInOneTurn) {
  const Pair pair = connect();
  const auto& writer = pair.client;
  const auto& reader = pair.server;
  writer->transport().write("a");
  writer->transport().write("");
  writer->transport().writeSequence({"b", "c"});
  const std::byte byte[] = {std::byte{'d'}};
  writer->transport().write(std::span<const std::byte>(byte));
  EXPECT_EQ(writer->transport().queuedBytes(), 4u);
  until([&] { return reader->received.size() == 4; });
  EXPECT_EQ(reader->received, "abcd");
  EXPECT_EQ(reader->deliveries, 1);
  EXPECT_EQ(writer->transport().queuedBytes(), 0u);
}

TEST_P(TcpData, arrivesWholeInBothDirectionsAtOnceHoweverMuch) {
  const std::string there = pattern(10'000'000);
  const std::string back = pattern(9'999'999);
  const auto [client, server] = connect();
  client->transport().write(there);
  server->transport().write(back);
  until([&] {
    return server->received.size() >= there.size() && client->received.size() >= back.size();
  });
  EXPECT_TRUE(server->received == there);
  EXPECT_TRUE(client->received == back);
}

TEST_P(TcpData, keepsItsOrderWhenWrittenInManyPiecesOverManyTurns) {
  const std::string bytes = pattern(3'000'000);
  const Pair pair = connect();
  const auto& client = pair.client;
  const auto& server = pair.server;
  std::size_t written = 0;
  std::size_t piece = 1;
  until([&] {
    for (int writes = 0; writes < 10 && written < bytes.size(); ++writes) {
      piece = piece * 7 % 20'011 + 1;
      client->transport().write(std::string_view(bytes).substr(written, piece));
      written += std::min(piece, bytes.size() - written);
    }
    return server->received.size() >= bytes.size();
  });
  EXPECT_TRUE(server->received == bytes);
}

TEST_P(TcpData, keepsItsOrderWhenLongPiecesStandBesideShortOnes) {
  const Pair pair = connect();
  const std::string whole = pattern(3'000'000);
  std::string_view rest = whole;
  for (std::size_t size : {10u, 40'000u, 10u, 32'768u, 32'767u, 200'000u, 3'000u, 2'000'000u, 5u}) {
    pair.client->transport().write(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  pair.client->transport().write(rest);
  until([&] { return pair.server->received.size() == whole.size(); });
  EXPECT_TRUE(pair.server->received == whole);
}

TEST_P(TcpData, waitsWhileTheProtocolDoesNotRead) {
  const Pair pair = connect();
  const auto& client = pair.client;
  const auto& server = pair.server;
  server->transport().pauseProducing();
  server->transport().pauseProducing();
  client->transport().write("now");
  settle();
  EXPECT_EQ(server->received, "");
  server->transport().resumeProducing();
  until([&] { return server->received == "now"; });
}

TEST_P(TcpData, waitsForAProtocolThatPausesBeforeItsFirstByte) {
  peers->prepare = [](Peer& server) {
    server.onMade = [](Peer& self) { self.transport().pauseProducing(); };
  };
  const Pair pair = connect();
  const auto& client = pair.client;
  const auto& server = pair.server;
  client->transport().write("early");
  settle();
  EXPECT_EQ(server->received, "");
  server->transport().resumeProducing();
  until([&] { return server->received == "early"; });
}

TEST_P(TcpData, stopsInTheMiddleOfAStreamThatTheProtocolPauses) {
  const std::string bytes = pattern(5'000'000);
  peers->prepare = [](Peer& server) {
    server.onData = [](Peer& self, std::string_view) { self.transport().pauseProducing(); };
  };
  const Pair pair = connect();
  const auto& client = pair.client;
  const auto& server = pair.server;
  client->transport().write(bytes);
  until([&] {
    if (!server->received.empty()) server->transport().resumeProducing();
    return server->received.size() >= bytes.size();
  });
  EXPECT_TRUE(server->received == bytes);
}

TEST_P(TcpData, comesFromAndGoesToTheAddressesThatBothEndsName) {
  const auto [client, server] = connect();
  EXPECT_EQ(client->transport().getPeer(), port->getHost());
  EXPECT_EQ(server->transport().getHost(), port->getHost());
  EXPECT_EQ(client->transport().getHost(), server->transport().getPeer());
  EXPECT_EQ(peers->addresses.at(0), server->transport().getPeer());
  EXPECT_EQ(client->transport().getHost().host(), GetParam());
  EXPECT_NE(port->getHost().port(), 0);
}

TEST_P(TcpData, knowsItsAddressesAfterTheConnectionIsOver) {
  const Pair pair = connect();
  const auto& client = pair.client;
  const auto& server = pair.server;
  client->transport().loseConnection();
  until([&] { return client->lost() && server->lost(); });
  EXPECT_EQ(client->transport().getPeer(), server->transport().getHost());
  EXPECT_EQ(client->transport().getHost(), server->transport().getPeer());
}

TEST_P(TcpData, isNotHeldBackByNagleUnlessToldSo) {
  const auto [client, server] = connect();
  for (Transport* transport : {&client->transport(), &server->transport()}) {
    EXPECT_TRUE(transport->getTcpNoDelay());
    transport->setTcpNoDelay(false);
    EXPECT_FALSE(transport->getTcpNoDelay());
    EXPECT_FALSE(transport->getTcpKeepAlive());
    transport->setTcpKeepAlive(true);
    EXPECT_TRUE(transport->getTcpKeepAlive());
  }
}

TEST_P(TcpData, ofManyConnectionsAtOnceIsKeptApart) {
  peers->prepare = [](Peer& server) {
    server.onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
  };
  constexpr int count = 500;
  std::vector<std::shared_ptr<Peer>> clients;
  int lost = 0;
  for (int number = 0; number < count; ++number) {
    auto client = std::make_shared<Peer>();
    const std::string question = "client " + std::to_string(number);
    client->onMade = [question](Peer& self) { self.transport().write(question); };
    client->onData = [question](Peer& self, std::string_view) {
      if (self.received == question) self.transport().loseConnection();
    };
    client->onLost = [&lost](Peer&) { ++lost; };
    static_cast<void>(connectProtocol(endpoint(), client).addErrback(logging::err));
    clients.push_back(client);
  }
  until([&] { return lost == count; });
  for (int number = 0; number < count; ++number) {
    const Peer& client = *clients[static_cast<std::size_t>(number)];
    EXPECT_EQ(client.received, "client " + std::to_string(number));
    EXPECT_EQ(client.lostWith(), "ConnectionDone");
  }
  EXPECT_EQ(peers->peers.size(), static_cast<std::size_t>(count));
}

INSTANTIATE_TEST_SUITE_P(Loopback, TcpData, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace hawser::nettest
