#include "torture/memory_scenarios.h"

#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/producer.h>
#include <hawser/net/protocol.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/cooperator.h>
#include <hawser/reactor/looping_call.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/remote_resolver.h>
#include <hawser/reactor/task.h>
#include <hawser/reactor/thread_pool.h>
#include <hawser/reactor/threads.h>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace hawser::torture {
namespace {

using namespace std::chrono_literals;

class Talker final : public Protocol {
 public:
  ~Talker() override { EXPECT_TRUE(!made_ || lost_) << "was never told of its end"; }
  void connectionMade() override {
    made_ = true;
    if (onMade) onMade(*this);
  }
  void dataReceived(std::string_view bytes) override {
    if (onData) onData(*this, bytes);
  }
  void connectionLost(const Failure& why) override {
    lost_ = true;
    expectMemory(why);
    if (onLost) onLost();
  }
  std::function<void(Talker&)> onMade;
  std::function<void(Talker&, std::string_view)> onData;
  std::function<void()> onLost;

 private:
  bool made_ = false;
  bool lost_ = false;
};

class PullProducer final : public Producer {
 public:
  explicit PullProducer(Talker& talker) : talker_(talker) {}
  void pauseProducing() override {}
  void resumeProducing() override {
    if (left_-- > 0) return talker_.transport().write(big);
    talker_.transport().unregisterProducer();
    talker_.transport().loseConnection();
  }
  void stopProducing() override {}

 private:
  Talker& talker_;
  int left_ = 3;
};

void talk(const char* backend, const std::function<void(Talker&)>& begin) {
  Running running(backend);
  Reactor& reactor = running.reactor;
  running.turns = 200;
  const auto server = factoryFrom([](const Address&) {
    auto talker = std::make_shared<Talker>();
    talker->onData = [](Talker& self, std::string_view bytes) { self.transport().write(bytes); };
    return talker;
  });
  const auto port = listenTCP(reactor, 0, server, defaultBacklog, "127.0.0.1");
  auto client = std::make_shared<Talker>();
  client->onMade = begin;
  client->onData = [](Talker& self, std::string_view) { self.transport().loseConnection(); };
  client->onLost = [&] { running.turns = 3; };
  connectProtocol(clientFromString(reactor, port->getHost().toString()), std::move(client))
      .addErrback([&](const Failure& why) {
        running.turns = 3;
        expectMemory(why);
        return nullptr;
      })
      .addErrback(logging::err);
  running.run();
}

const MemoryScenario scenarios[] = {
    {"callLater",
     [](const char* backend) {
       int calls = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       DelayedCall cancelled;
       const DelayedCall call = reactor.callLater(0s, [&calls, text = big] { ++calls; });
       cancelled = reactor.callLater(0s, [&calls, text = big] { ++calls; });
       cancelled.cancel();
       running.run();
       EXPECT_EQ(calls, 1);
       EXPECT_FALSE(call.active());
     }},
    {"callFromThread",
     [](const char* backend) {
       int calls = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       reactor.callWhenRunning([&calls, text = big] { ++calls; });
       reactor.callFromThread([&calls, text = big] { ++calls; });
       auto [deferred, resolver] = makeDeferred<std::string>();
       std::move(deferred)
           .addCallback([&](const std::string&) { ++calls; })
           .addErrback([](const Failure& why) { expectMemory(why); });
       reactor.remote(std::move(resolver)).callback(big);
       running.run();
       EXPECT_EQ(calls, 3);
     }},
    {"deferLater",
     [](const char* backend) {
       bool told = false;
       Running running(backend);
       Reactor& reactor = running.reactor;
       task::deferLater(reactor, 0s)
           .addCallback([text = big] { return text; })
           .addBoth([&](const Result<std::string>& result) {
             told = true;
             if (!result) expectMemory(result.failure());
           })
           .addErrback(logging::err);
       running.run();
       EXPECT_TRUE(told);
     }},
    {"loopingCall",
     [](const char* backend) {
       int told = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       {
         task::LoopingCall loop(reactor, [text = big] { return text; });
         loop.start(0s)
             .addErrback([&](const Failure& why) { expectMemory(why); })
             .addBoth([&](const Result<void>&) { ++told; })
             .addErrback(logging::err);
         running.run();
       }
       EXPECT_EQ(told, 1);
     }},
    {"cooperator",
     [](const char* backend) {
       int units = 0;
       int told = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 20;
       task::Cooperator cooperator(reactor, [] { return [] { return true; }; });
       auto task = cooperator.cooperate([&units, text = big] { return ++units < 3; });
       task.whenDone()
           .addErrback([](const Failure& why) { expectMemory(why); })
           .addBoth([&](const Result<void>&) { ++told; })
           .addErrback(logging::err);
       running.run();
       EXPECT_EQ(told, 1);
       EXPECT_EQ(units, 3) << "to go on takes no memory";
     }},
    {"cooperatorThatWaits",
     [](const char* backend) {
       int told = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 20;
       {
         int units = 0;
         task::Cooperator cooperator(reactor);
         auto task = cooperator.cooperate([&]() -> Deferred<bool> {
           return task::deferLater(reactor, 0s).addCallback([&] { return ++units < 3; });
         });
         task.whenDone()
             .addErrback([](const Failure& why) { expectMemory(why); })
             .addBoth([&](const Result<void>&) { ++told; })
             .addErrback(logging::err);
         running.run();
       }
       EXPECT_EQ(told, 1);
     }},
    {"triggers",
     [](const char* backend) {
       int calls = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       reactor.addSystemEventTrigger(Phase::before, [&calls, text = big]() -> Deferred<void> {
         ++calls;
         return succeed();
       });
       reactor.addSystemEventTrigger(Phase::after, [&calls, text = big] { ++calls; });
       running.run();
       EXPECT_GE(calls, 1);  // one that could not be called was logged
     }},
    {"signals",
     [](const char* backend) {
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 200;
       reactor.callWhenRunning([] { ::raise(SIGTERM); });
       running.run();
       EXPECT_EQ(reactor.exitSignal(), SIGTERM);
     }},
    {"stalls",
     [](const char* backend) {
       Running running(backend);
       Reactor& reactor = running.reactor;
       reactor.reportStalls(1h);
       running.run();
     }},
    {"react",
     [](const char*) {
       static_cast<void>(task::react([](Reactor& reactor) {
         return task::deferLater(reactor, 0s).addCallback([text = big] {});
       }));
     }},
    {"echo",
     [](const char* backend) { talk(backend, [](Talker& self) { self.transport().write(big); }); }},
    {"echoOfMuch",
     [](const char* backend) {
       talk(backend, [](Talker& self) {
         for (int piece = 0; piece < 100; ++piece) self.transport().write(std::string(2000, 'x'));
       });
     }},
    {"halfClose",
     [](const char* backend) {
       talk(backend, [](Talker& self) {
         self.onData = nullptr;
         self.transport().write(big);
         self.transport().loseWriteConnection();
       });
     }},
    {"abort",
     [](const char* backend) {
       talk(backend, [](Talker& self) { self.transport().abortConnection(); });
     }},
    {"producer",
     [](const char* backend) {
       talk(backend, [](Talker& self) {
         self.transport().setWriteLimits({.highWater = 10});
         self.transport().registerProducer(std::make_shared<PullProducer>(self), false);
       });
     }},
    {"protocolThatThrows",
     [](const char* backend) {
       talk(backend, [](Talker& self) {
         self.transport().write(big);
         self.onData = [](Talker&, std::string_view) { throw std::runtime_error(big); };
       });
     }},
    {"refused",
     [](const char* backend) {
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 200;
       clientFromString(reactor, "tcp:127.0.0.1:1:timeout=5")
           .connect(Factory::forProtocol<Talker>())
           .addBoth([&](const Result<std::shared_ptr<Protocol>>& result) {
             running.turns = 1;
             if (!result) expectMemory(result.failure());
           })
           .addErrback(logging::err);
       running.run();
     }},
    {"connector",
     [](const char* backend) {
       class Once final : public ClientFactory {
        public:
         explicit Once(Running& running) : running_(running) {}
         std::shared_ptr<Protocol> buildProtocol(const Address&) override {
           return std::make_shared<Talker>();
         }
         void clientConnectionFailed(Connector&, const Failure& why) override { over(why); }
         void clientConnectionLost(Connector&, const Failure& why) override { over(why); }

        private:
         void over(const Failure& why) {
           running_.turns = 1;
           expectMemory(why);
         }
         Running& running_;
       };
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 200;
       const auto connector =
           connectTCP(reactor, "127.0.0.1", 1, std::make_shared<Once>(running), {.timeout = 5s});
       running.run();
     }},
    {"threads",
     [](const char* backend) {
       int ended = 0;
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 10'000;
       auto job = deferToThread(reactor, [] {
                    return big + big;
                  }).addBoth([&](const Result<std::string>& result) {
         ++ended;
         running.turns = 1;
         if (!result) expectMemory(result.failure());
       });
       reactor.callInThread([] {});
       running.run();
       EXPECT_EQ(ended, 1);
     }},
    {"threadsThatAreDrained",
     [](const char* backend) {
       int ended = 0;
       const auto count = [&](const Result<void>& result) {
         ++ended;
         if (!result) expectMemory(result.failure());
       };
       Running running(backend);
       Reactor& reactor = running.reactor;
       running.turns = 10'000;
       ThreadPool pool({.maxThreads = 1});
       auto job = deferToThreadPool(reactor, pool, [] {}).addBoth(count);
       auto cancelled = deferToThreadPool(reactor, pool, [] {}).addBoth(count);
       cancelled.cancel();
       auto drained = pool.drain(reactor).addBoth([&](const Result<void>& result) {
         running.turns = 1;
         count(result);
       });
       running.run();
       EXPECT_EQ(ended, 3);
     }},
    {"badEndpoints",
     [](const char* backend) {
       Reactor reactor(makeBackend(backend));
       for (const char* const text :
            {"tcp", "tcp:host:99999", "udp:1", "tcp:0:interface=nowhere"}) {
         EXPECT_THROW(static_cast<void>(clientFromString(reactor, text)), std::exception);
         EXPECT_THROW(static_cast<void>(serverFromString(reactor, text)), std::exception);
       }
     }},
};

class NoMemoryInAReactorFor : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(NoMemoryInAReactorFor, anythingIsABadAllocOrAFailureThatHoldsOne) {
  RecordProperty("failed", GetParam().walk());
}

INSTANTIATE_TEST_SUITE_P(, NoMemoryInAReactorFor, ::testing::ValuesIn(memoryCases(scenarios)),
                         nameOfMemoryCase);

}  // namespace
}  // namespace hawser::torture
