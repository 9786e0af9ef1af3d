#include "net/net_fixture.h"

#include <algorithm>
#include <cerrno>

namespace hawser::nettest {
namespace {

class TcpClose : public TcpTest {
 protected:
  /// Waits until both ends know that it is over, then a little: nothing more may happen.
  void untilOver(const Pair& pair) {
    until([&] { return pair.client->lost() && pair.server->lost(); });
    settle();
  }
};

using Events = std::vector<std::string>;

TEST_P(TcpClose, tellsBothEndsOnceWhoeverCloses) {
  const struct {
    const char* name;
    void (*close)(const Pair&);
    const char* client;
    const char* server;
  } cases[] = {
      {"client loses", [](const Pair& p) { p.client->transport().loseConnection(); },
       "ConnectionDone", "ConnectionDone"},
      {"server loses", [](const Pair& p) { p.server->transport().loseConnection(); },
       "ConnectionDone", "ConnectionDone"},
      {"both lose",
       [](const Pair& p) {
         p.client->transport().loseConnection();
         p.server->transport().loseConnection();
       },
       "ConnectionDone", "ConnectionDone"},
      {"loses twice",
       [](const Pair& p) {
         p.client->transport().loseConnection();
         p.client->transport().loseConnection();
       },
       "ConnectionDone", "ConnectionDone"},
      {"client aborts", [](const Pair& p) { p.client->transport().abortConnection(); },
       "ConnectionAborted", "ConnectionLost"},
      {"server aborts", [](const Pair& p) { p.server->transport().abortConnection(); },
       "ConnectionLost", "ConnectionAborted"},
      {"both abort",
       [](const Pair& p) {
         p.client->transport().abortConnection();
         p.server->transport().abortConnection();
       },
       "ConnectionAborted", "ConnectionAborted"},
      {"loses, then aborts",
       [](const Pair& p) {
         p.client->transport().loseConnection();
         p.client->transport().abortConnection();
       },
       "ConnectionAborted", "ConnectionLost"},
      {"aborts, then loses",
       [](const Pair& p) {
         p.client->transport().abortConnection();
         p.client->transport().loseConnection();
       },
       "ConnectionAborted", "ConnectionLost"},
      {"stops producing", [](const Pair& p) { p.client->transport().stopProducing(); },
       "ConnectionDone", "ConnectionDone"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const Pair pair = connect();
    each.close(pair);
    EXPECT_FALSE(pair.client->lost()) << "told from inside the call";
    untilOver(pair);
    EXPECT_EQ(pair.client->lostWith(), each.client);
    EXPECT_EQ(pair.server->lostWith(), each.server);
    EXPECT_EQ(std::count(pair.client->events.begin(), pair.client->events.end(), "lost"), 1);
    EXPECT_EQ(std::count(pair.server->events.begin(), pair.server->events.end(), "lost"), 1);
    EXPECT_FALSE(pair.client->connected());
  }
}

TEST_P(TcpClose, namesThePeerAndTheReason) {
  const Pair pair = connect();
  pair.client->transport().abortConnection();
  untilOver(pair);
  const auto* lost = pair.server->reason->get<ConnectionLost>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->where(), pair.server->transport().getPeer().toString());
  EXPECT_EQ(lost->osError(), ECONNRESET);
  EXPECT_NE(std::string(lost->what()).find("ECONNRESET"), std::string::npos) << lost->what();
  EXPECT_TRUE(pair.client->reason->check<ConnectionClosed>());
}

TEST_P(TcpClose, sendsEverythingThatWasWrittenBeforeLoseConnection) {
  const std::string bytes(5'000'000, 'x');
  peers->prepare = [&](Peer& server) {
    server.onMade = [&](Peer& self) {
      self.transport().write(bytes);
      self.transport().loseConnection();
      EXPECT_TRUE(self.transport().disconnecting());
      EXPECT_TRUE(self.connected());
    };
  };
  const Pair pair = connect();
  untilOver(pair);
  EXPECT_EQ(pair.client->received.size(), bytes.size());
  EXPECT_EQ(pair.client->lostWith(), "ConnectionDone");
  EXPECT_EQ(pair.server->lostWith(), "ConnectionDone");
}

TEST_P(TcpClose, sendsNothingThatIsWrittenAfterLoseConnection) {
  const Pair pair = connect();
  pair.client->transport().write("before");
  pair.client->transport().loseConnection();
  pair.client->transport().write("after");
  untilOver(pair);
  EXPECT_EQ(pair.server->received, "before");
}

TEST_P(TcpClose, throwsAwayWhatIsQueuedWhenItAborts) {
  const Pair pair = connect();
  pair.server->transport().pauseProducing();
  pair.client->transport().write(std::string(10'000'000, 'x'));
  settle();
  pair.client->transport().abortConnection();
  EXPECT_EQ(pair.client->transport().queuedBytes(), 0u);
  pair.server->transport().resumeProducing();
  untilOver(pair);
  EXPECT_LT(pair.server->received.size(), 10'000'000u);
  EXPECT_EQ(pair.server->lostWith(), "ConnectionLost");
}

TEST_P(TcpClose, doesNothingOnAConnectionThatIsOver) {
  const Pair pair = connect();
  pair.client->transport().loseConnection();
  untilOver(pair);
  Transport& transport = pair.client->transport();
  transport.write("late");
  transport.writeSequence({"late", "later"});
  transport.loseConnection();
  transport.abortConnection();
  transport.loseWriteConnection();
  transport.pauseProducing();
  transport.resumeProducing();
  transport.stopProducing();
  transport.setTcpNoDelay(true);
  transport.setTcpKeepAlive(true);
  transport.setWriteLimits({});
  transport.unregisterProducer();
  EXPECT_FALSE(transport.getTcpNoDelay());
  EXPECT_FALSE(transport.getTcpKeepAlive());
  EXPECT_EQ(transport.queuedBytes(), 0u);
  settle();
  EXPECT_EQ(pair.client->events, (Events{"made", "lost"}));
}

TEST_P(TcpClose, mayHappenInAnyEvent) {
  const struct {
    const char* name;
    std::function<void(Peer&)> prepare;
  } cases[] = {
      {"connectionMade, losing",
       [](Peer& peer) { peer.onMade = [](Peer& self) { self.transport().loseConnection(); }; }},
      {"dataReceived, losing",
       [](Peer& peer) {
         peer.onData = [](Peer& self, std::string_view) { self.transport().loseConnection(); };
       }},
      {"dataReceived, aborting",
       [](Peer& peer) {
         peer.onData = [](Peer& self, std::string_view) { self.transport().abortConnection(); };
       }},
      {"connectionLost",
       [](Peer& peer) {
         peer.onData = [](Peer& self, std::string_view) { self.transport().loseConnection(); };
         peer.onLost = [](Peer& self) {
           self.transport().loseConnection();
           self.transport().abortConnection();
         };
       }},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    peers->prepare = each.prepare;
    const Pair pair = connect();
    pair.client->transport().write("go");
    untilOver(pair);
    EXPECT_EQ(pair.server->events, (Events{"made", "lost"}));
  }
}

TEST_P(TcpClose, mayBeAnAbortInConnectionMade) {
  NOT_SIMULATED("the peer is a plain socket");
  peers->prepare = [](Peer& peer) {
    peer.onMade = [](Peer& self) { self.transport().abortConnection(); };
  };
  // The client may learn of the reset before it learns that it was connected.
  const RawSocket client = RawSocket::connectedTo(port->getHost());
  until([&] { return !peers->peers.empty() && peers->peers[0]->lost(); });
  EXPECT_EQ(peers->peers[0]->events, (Events{"made", "lost"}));
}

TEST_P(TcpClose, deliversNoMoreDataOnceTheProtocolHasLostTheConnection) {
  peers->prepare = [](Peer& server) {
    server.onData = [](Peer& self, std::string_view) { self.transport().loseConnection(); };
  };
  const Pair pair = connect();
  pair.client->transport().write(std::string(5'000'000, 'x'));
  untilOver(pair);
  EXPECT_EQ(pair.server->deliveries, 1);
}

TEST_P(TcpClose, flushesToAPeerThatWritesBeforeItReads) {
  constexpr std::size_t size = 8'000'000;
  const Pair pair = connect();
  pair.client->transport().pauseProducing();
  pair.client->transport().write(std::string(size, 'q'));
  pair.server->transport().pauseProducing();
  pair.server->transport().write(std::string(size, 'a'));
  pair.server->transport().loseConnection();
  // The client reads only once all of its own has been sent.
  until([&] { return pair.client->transport().queuedBytes() == 0; });
  pair.client->transport().resumeProducing();
  untilOver(pair);
  EXPECT_EQ(pair.client->received.size(), size);
}

TEST_P(TcpClose, flushesToAPeerWhoseBytesWereNotRead) {
  NOT_SIMULATED("the peer is a plain socket");
  peers->prepare = [](Peer& server) {
    server.onMade = [](Peer& self) {
      self.transport().pauseProducing();
      self.transport().write("no need for that");
      self.transport().loseConnection();
    };
  };
  RawSocket client = RawSocket::connectedTo(port->getHost());
  client.send("a long");
  until([&] { return !peers->peers.empty(); });
  settle();
  client.send(" speech");
  settle();
  EXPECT_EQ(client.receiveAll(), "no need for that");
  client.close();
  until([&] { return peers->peers[0]->lost(); });
  EXPECT_EQ(peers->peers[0]->lostWith(), "ConnectionDone");
}

TEST_P(TcpClose, doesNotWaitLongForAPeerThatGoesOnAndOn) {
  peers->prepare = [](Peer& server) {
    server.onData = [](Peer& self, std::string_view) { self.transport().loseConnection(); };
  };
  const Pair pair = connect([](Peer& client) { client.onReadLost = [](Peer&) {}; });
  const auto end = reactor.now() + 5s;
  const auto goOn = [&] {
    if (pair.client->transport().queuedBytes() == 0)
      pair.client->transport().write(std::string(100'000, 'x'));
  };
  until([&] {
    goOn();
    return pair.server->lost();
  });
  EXPECT_LT(reactor.now(), end);
  EXPECT_EQ(pair.server->lostWith(), "ConnectionDone");
  until([&] {
    goOn();
    return pair.client->lost();
  });
}

TEST_P(TcpClose, ofOneDirectionLeavesTheOtherOpen) {
  peers->prepare = [](Peer& server) {
    server.onReadLost = [](Peer& self) {
      self.transport().write("answer to " + self.received);
      self.transport().loseConnection();
    };
  };
  const Pair pair = connect();
  pair.client->transport().write("question");
  pair.client->transport().loseWriteConnection();
  pair.client->transport().loseWriteConnection();
  pair.client->transport().write("too late");
  untilOver(pair);
  EXPECT_EQ(pair.server->received, "question");
  EXPECT_EQ(pair.client->received, "answer to question");
  EXPECT_EQ(pair.client->events, (Events{"made", "writeLost", "readLost", "lost"}));
  EXPECT_EQ(pair.server->events, (Events{"made", "readLost", "lost"}));
  EXPECT_EQ(pair.client->lostWith(), "ConnectionDone");
  EXPECT_EQ(pair.server->lostWith(), "ConnectionDone");
}

TEST_P(TcpClose, ofOneDirectionSendsEverythingFirst) {
  const Pair pair = connect();
  pair.client->transport().write(std::string(5'000'000, 'x'));
  pair.client->transport().loseWriteConnection();
  untilOver(pair);
  EXPECT_EQ(pair.server->received.size(), 5'000'000u);
}

TEST_P(TcpClose, ofBothDirectionsOneAfterTheOtherIsTheEnd) {
  const auto stay = [](Peer& peer) { peer.onReadLost = [](Peer&) {}; };
  peers->prepare = stay;
  const Pair pair = connect(stay);
  pair.client->transport().loseWriteConnection();
  until([&] { return pair.server->events.back() == "readLost"; });
  EXPECT_TRUE(pair.server->connected());
  pair.server->transport().write("still here");
  until([&] { return pair.client->received == "still here"; });
  pair.server->transport().loseWriteConnection();
  untilOver(pair);
  EXPECT_EQ(pair.client->events, (Events{"made", "writeLost", "readLost", "lost"}));
  EXPECT_EQ(pair.server->events, (Events{"made", "readLost", "writeLost", "lost"}));
  EXPECT_EQ(pair.client->lostWith(), "ConnectionDone");
  EXPECT_EQ(pair.server->lostWith(), "ConnectionDone");
}

TEST_P(TcpClose, byThePeerAnswersWhatWasAskedBeforeUnlessToldOtherwise) {
  // As `printf question | nc -N` does.
  peers->prepare = [](Peer& server) {
    server.onData = [](Peer& self, std::string_view) {
      self.transport().write(std::string(3'000'000, 'a'));
    };
  };
  const Pair pair = connect();
  pair.client->transport().write("question");
  pair.client->transport().loseWriteConnection();
  untilOver(pair);
  EXPECT_EQ(pair.client->received.size(), 3'000'000u);
  EXPECT_EQ(pair.server->lostWith(), "ConnectionDone");
}

TEST_P(TcpClose, byAResetInTheMiddleLosesTheConnection) {
  NOT_SIMULATED("the peer is a plain socket");
  RawSocket client = RawSocket::connectedTo(port->getHost());
  client.send("half a que");
  until([&] { return !peers->peers.empty() && !peers->peers[0]->received.empty(); });
  client.reset();
  until([&] { return peers->peers[0]->lost(); });
  EXPECT_EQ(peers->peers[0]->lostWith(), "ConnectionLost");
  EXPECT_EQ(peers->peers[0]->events, (Events{"made", "lost"}));
}

// The kernel tells of a reset once: if it tells the send, receiving finds an end in order.
TEST_P(TcpClose, byAResetOfWhichAnAnswerLearnsFirstIsNoEndInOrder) {
  NOT_SIMULATED("the peer is a plain socket");
  for (const std::size_t answer : {std::size_t{6}, std::size_t{40'000}}) {
    SCOPED_TRACE(answer);
    RawSocket client = RawSocket::connectedTo(port->getHost());
    peers->prepare = [&](Peer& server) {
      server.onData = [&](Peer& self, std::string_view) {
        client.reset();
        self.transport().write(std::string(answer, 'a'));
      };
    };
    const std::size_t number = peers->peers.size();
    client.send("question");
    until([&] { return peers->peers.size() > number && peers->peers[number]->lost(); });
    EXPECT_EQ(peers->peers[number]->lostWith(), "ConnectionLost");
    EXPECT_EQ(peers->peers[number]->events, (Events{"made", "lost"}));
  }
}

TEST_P(TcpClose, byAResetBeforeItWasAcceptedHarmsNobody) {
  NOT_SIMULATED("the peer is a plain socket");
  {
    RawSocket client = RawSocket::connectedTo(port->getHost());
    client.reset();
  }
  const Pair pair = connect();
  pair.client->transport().loseConnection();
  untilOver(pair);
}

TEST_P(TcpClose, byAPeerThatIsGoneEndsAnEndlessWriter) {
  NOT_SIMULATED("the peer is a plain socket");
  RawSocket client = RawSocket::connectedTo(port->getHost());
  until([&] { return !peers->peers.empty(); });
  const auto server = peers->peers[0];
  server->onReadLost = [](Peer&) {};
  client.close();
  until([&] {
    server->transport().write("are you there?");
    return server->lost();
  });
  EXPECT_EQ(server->lostWith(), "ConnectionLost");
}

TEST_P(TcpClose, deliversTheLastWordsOfAPeerThatThenResets) {
  const Pair pair = connect();
  // The server refuses to read on, says why, and resets; the client is still writing.
  pair.server->transport().pauseProducing();
  pair.client->transport().write(std::string(8'000'000, 'x'));
  settle();
  pair.server->transport().write("too much");
  until([&] { return pair.server->transport().queuedBytes() == 0; });
  pair.server->transport().abortConnection();
  untilOver(pair);
  EXPECT_EQ(pair.client->received, "too much");
  EXPECT_EQ(pair.client->lostWith(), "ConnectionLost");
}

INSTANTIATE_TEST_SUITE_P(Loopback, TcpClose, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& host) { return host.index == 0 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace hawser::nettest
