#include "net/net_fixture.h"

#include <hawser/net/connector.h>
#include <hawser/net/producer.h>
#include <hawser/net/stdio.h>
#include <hawser/net/udp.h>
#include <hawser/net/unix.h>
#include <hawser/reactor/cooperator.h>
#include <hawser/reactor/looping_call.h>
#include <hawser/reactor/signal_handler.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/deferred_matchers.h>

#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>

namespace hawser::nettest {
namespace {

/// A program with a server, a client that talks to it, and a bystander; a test chooses where the
/// reactor is stopped.
class Program {
 public:
  Program() {
    servers->prepare = [this](Peer& server) {
      server.onMade = [](Peer& self) { self.transport().write("hello"); };
      server.onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
      if (prepareServer) prepareServer(server);
    };
    client->onMade = [](Peer& self) { self.transport().write("hello"); };
  }

  void stop() {
    if (stopped || reactor->stopping()) return;
    stopped = true;
    reactor->stop();
  }

  /// Runs until it is stopped.
  void run() {
    const DelayedCall watchdog = reactor->callLater(20s, [this] {
      ADD_FAILURE() << "nobody stopped the reactor";
      reactor->stop();
    });
    reactor->callWhenRunning([this] {
      port = listenTCP(*reactor, 0, servers, defaultBacklog, "127.0.0.1");
      const Address host = port->getHost();
      connectProtocol(HostnameEndpoint(*reactor, host.host(), host.port()), bystander)
          .addCallback([this, host](const std::shared_ptr<Peer>&) {
            return connectProtocol(HostnameEndpoint(*reactor, host.host(), host.port()), client);
          })
          .addCallback([](const std::shared_ptr<Peer>&) {})
          .addErrback([](const AbandonedError&) {})
          .addErrback(logging::err);
      if (begun) begun(host);
    });
    reactor->run();
  }

  std::unique_ptr<Reactor> reactor = std::make_unique<Reactor>();
  std::shared_ptr<PeerFactory> servers = std::make_shared<PeerFactory>();
  std::shared_ptr<Peer> client = std::make_shared<Peer>();
  std::shared_ptr<Peer> bystander = std::make_shared<Peer>();
  std::shared_ptr<Port> port;
  std::function<void(Peer&)> prepareServer;
  std::function<void(const Address&)> begun;
  bool stopped = false;
};

/// Stops the program in one of its events.
class StoppingProducer final : public Producer {
 public:
  StoppingProducer(Program& program, std::string event)
      : program_(program), event_(std::move(event)) {}
  void pauseProducing() override { happens("pauseProducing"); }
  void resumeProducing() override { happens("resumeProducing"); }
  void stopProducing() override { happens("stopProducing"); }

 private:
  void happens(const char* event) {
    if (event == event_) program_.stop();
  }
  Program& program_;
  std::string event_;
};

class StoppingFactory final : public ClientFactory {
 public:
  StoppingFactory(Program& program, std::string event)
      : program_(program), event_(std::move(event)) {}
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    happens("buildProtocol");
    return std::make_shared<Peer>();
  }
  void startedConnecting(Connector&) override { happens("startedConnecting"); }
  void clientConnectionFailed(Connector&, const Failure&) override {
    happens("clientConnectionFailed");
  }
  void clientConnectionLost(Connector&, const Failure&) override {
    happens("clientConnectionLost");
  }
  void startFactory() override { happens("startFactory"); }
  void stopFactory() override { happens("stopFactory"); }

 private:
  void happens(const char* event) {
    if (event == event_) program_.stop();
  }
  Program& program_;
  std::string event_;
};

void produceWith(Program& program, const char* event) {
  program.client->onMade = [&program, event](Peer& self) {
    self.transport().setWriteLimits({.highWater = 1000});
    self.transport().registerProducer(std::make_shared<StoppingProducer>(program, event), true);
    self.transport().write(std::string(100'000, 'x'));
    if (event == std::string("stopProducing"))
      program.reactor->callLater(1ms, [&self] { self.transport().abortConnection(); });
  };
}

void connectWith(Program& program, const char* event, bool refused = false) {
  program.begun = [&program, event, refused](const Address& host) {
    std::uint16_t port = host.port();
    if (refused) {
      const auto gone = listenTCP(*program.reactor, 0, std::make_shared<PeerFactory>(),
                                  defaultBacklog, "127.0.0.1");
      port = gone->getHost().port();
      static_cast<void>(gone->stopListening());
    }
    const auto connector = connectTCP(*program.reactor, host.host(), port,
                                      std::make_shared<StoppingFactory>(program, event));
    if (std::string_view(event) == "clientConnectionLost" ||
        std::string_view(event) == "stopFactory")
      program.reactor->callLater(20ms, [connector] { connector->disconnect(); });
  };
}

struct StopCase {
  const char* where;
  std::function<void(Program&)> prepare;
};
void PrintTo(const StopCase& test, std::ostream* stream) { *stream << test.where; }

const StopCase stopCases[] = {
    {"callWhenRunning", [](Program& p) { p.begun = [&p](const Address&) { p.stop(); }; }},
    {"timer", [](Program& p) { p.reactor->callLater(5ms, [&p] { p.stop(); }); }},
    {"callFromThread", [](Program& p) { p.reactor->callFromThread([&p] { p.stop(); }); }},
    {"loopingCall",
     [](Program& p) {
       const auto loop = std::make_shared<std::unique_ptr<task::LoopingCall>>();
       *loop = std::make_unique<task::LoopingCall>(*p.reactor, [&p] { p.stop(); });
       p.begun = [loop](const Address&) {
         (*loop)->start(1ms).addErrback([](const AbandonedError&) {});
       };
     }},
    {"signalHandler",
     [](Program& p) {
       const auto handler = std::make_shared<std::optional<SignalHandler>>();
       handler->emplace(*p.reactor, SIGUSR1, [&p](int) { p.stop(); });
       p.begun = [handler](const Address&) { ::raise(SIGUSR1); };
     }},
    {"cooperativeTask",
     [](Program& p) {
       const auto cooperator = std::make_shared<task::Cooperator>(*p.reactor);
       cooperator
           ->coiterate([&p] {
             p.stop();
             return true;
           })
           .addErrback([](const Failure&) {});
       p.begun = [cooperator](const Address&) {};
     }},
    {"coroutine",
     [](Program& p) {
       static_cast<void>([](Program& of) -> Deferred<void> {
         co_await task::deferLater(*of.reactor, 5ms);
         of.stop();
       }(p));
     }},
    {"systemEventTrigger",
     [](Program& p) {
       p.reactor->addSystemEventTrigger(
           Phase::before, [&p] { EXPECT_THROW(p.reactor->stop(), ReactorNotRunning); });
       p.reactor->callLater(5ms, [&p] { p.stop(); });
     }},
    {"deferredCallback",
     [](Program& p) {
       task::deferLater(*p.reactor, 5ms).addCallback([&p] { p.stop(); }).addErrback(logging::err);
     }},
    {"connectionMadeOfAServer",
     [](Program& p) { p.prepareServer = [&p](Peer& s) { s.onMade = [&p](Peer&) { p.stop(); }; }; }},
    {"connectionMadeOfAClient", [](Program& p) { p.client->onMade = [&p](Peer&) { p.stop(); }; }},
    {"dataReceived",
     [](Program& p) { p.client->onData = [&p](Peer&, std::string_view) { p.stop(); }; }},
    {"readConnectionLost",
     [](Program& p) {
       p.client->onMade = [](Peer& self) { self.transport().loseWriteConnection(); };
       p.prepareServer = [&p](Peer& s) { s.onReadLost = [&p](Peer&) { p.stop(); }; };
     }},
    {"writeConnectionLost",
     [](Program& p) {
       p.client->onMade = [](Peer& self) { self.transport().loseWriteConnection(); };
       p.client->onWriteLost = [&p](Peer&) { p.stop(); };
     }},
    {"connectionLost",
     [](Program& p) {
       p.client->onData = [](Peer& self, std::string_view) { self.transport().loseConnection(); };
       p.client->onLost = [&p](Peer&) { p.stop(); };
     }},
    {"buildProtocol", [](Program& p) { p.prepareServer = [&p](Peer&) { p.stop(); }; }},
    {"pauseProducing", [](Program& p) { produceWith(p, "pauseProducing"); }},
    {"resumeProducing", [](Program& p) { produceWith(p, "resumeProducing"); }},
    {"stopProducing", [](Program& p) { produceWith(p, "stopProducing"); }},
    {"startFactory", [](Program& p) { connectWith(p, "startFactory"); }},
    {"startedConnecting", [](Program& p) { connectWith(p, "startedConnecting"); }},
    {"buildProtocolOfAClient", [](Program& p) { connectWith(p, "buildProtocol"); }},
    {"clientConnectionFailed", [](Program& p) { connectWith(p, "clientConnectionFailed", true); }},
    {"clientConnectionLost", [](Program& p) { connectWith(p, "clientConnectionLost"); }},
    {"stopFactory", [](Program& p) { connectWith(p, "stopFactory"); }},
    {"stopListening",
     [](Program& p) {
       p.begun = [&p](const Address&) {
         p.port->stopListening().addCallback([&p] { p.stop(); }).addErrback(logging::err);
       };
     }},
};

class StopInside : public ::testing::TestWithParam<StopCase> {
  LogWatch log_;
};

TEST_P(StopInside, anyEventEndsTheRunInOrderAndTellsEverybodyOnce) {
  Program program;
  GetParam().prepare(program);
  program.run();
  EXPECT_TRUE(program.stopped);
  EXPECT_FALSE(program.reactor->running());
  EXPECT_TRUE(program.reactor->getDelayedCalls().empty());
  EXPECT_FALSE(program.port->listening());
  EXPECT_EQ(program.servers->stops, 1);
  auto everybody = program.servers->peers;
  everybody.push_back(program.client);
  everybody.push_back(program.bystander);
  for (const auto& peer : everybody) {
    EXPECT_FALSE(peer->connected());
    EXPECT_EQ(std::count(peer->events.begin(), peer->events.end(), "lost"),
              peer->events.empty() ? 0 : 1);
  }
}

// Stopped already, a second time is the caller's mistake, told to him and to nobody else.
TEST(StopTwice, insideConnectionLostIsRefusedAndTheShutdownGoesOn) {
  const LogWatch log;
  Program program;
  std::string refused;
  program.client->onLost = [&](Peer&) {
    try {
      program.reactor->stop();
    } catch (const ReactorNotRunning& error) {
      refused = error.what();
    }
  };
  program.client->onData = [&](Peer&, std::string_view) { program.stop(); };
  program.run();
  EXPECT_NE(refused.find("stopped already"), std::string::npos);
  EXPECT_TRUE(program.bystander->lost());
}

TEST(Stopped, aReactorIsAskedForNothing) {
  Reactor reactor;
  reactor.callWhenRunning([&] { reactor.stop(); });
  reactor.run();
  const auto factory = std::make_shared<PeerFactory>();
  const auto refused = [](const std::string& function, const std::function<void()>& call) {
    SCOPED_TRACE(function);
    try {
      call();
      ADD_FAILURE() << "it was not refused";
    } catch (const ReactorNotRunning& error) {
      EXPECT_EQ(error.what(), function + ": the reactor has ended");
    }
  };
  refused("listenTCP", [&] { listenTCP(reactor, 0, factory, 5, "127.0.0.1"); });
  refused("listenUNIX", [&] { listenUNIX(reactor, std::string("\0hawser", 7), factory); });
  refused("listenUDP", [&] { listenUDP(reactor, 0, nullptr, {.interface = "127.0.0.1"}); });
  refused("listenUNIXDatagram", [&] { listenUNIXDatagram(reactor, "", nullptr); });
  refused("ClientEndpoint::connect",
          [&] { static_cast<void>(TCP4ClientEndpoint(reactor, "127.0.0.1", 1).connect(factory)); });
  refused("StandardIO", [&] { StandardIO(reactor, nullptr); });
  testing::failureResultOf<ReactorNotRunning>(
      serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(factory));
}

INSTANTIATE_TEST_SUITE_P(, StopInside, ::testing::ValuesIn(stopCases),
                         [](const auto& test) { return test.param.where; });

}  // namespace
}  // namespace hawser::nettest
