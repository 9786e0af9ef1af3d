#include "torture/memory_scenarios.h"

#include <hawser/base/logging.h>
#include <hawser/defer/async_generator.h>
#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/timeout.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/factory.h>
#include <hawser/net/file_descriptor_receiver.h>
#include <hawser/net/protocol.h>
#include <hawser/net/stdio.h>
#include <hawser/net/stream.h>
#include <hawser/net/stream_port.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>
#include <hawser/net/unix.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace hawser::torture {
namespace {

/// Takes everything, and finishes when the other has.
class Taker final : public Protocol, public FileDescriptorReceiver {
 public:
  ~Taker() override { EXPECT_TRUE(!made_ || lost_) << "was never told of its end"; }
  void connectionMade() override { made_ = true; }
  void dataReceived(std::string_view bytes) override {
    EXPECT_TRUE(!expectsDescriptor || descriptors > 0) << "a byte came without its descriptor";
    received += bytes.size();
  }
  void fileDescriptorReceived(FileDescriptor) override { ++descriptors; }
  void readConnectionLost() override {
    finished = true;
    transport().loseConnection();
  }
  void connectionLost(const Failure& why) override {
    lost_ = true;
    expectMemory(why);
  }
  bool expectsDescriptor = false;
  bool finished = false;
  int descriptors = 0;
  std::size_t received = 0;

 private:
  bool made_ = false;
  bool lost_ = false;
};

class Giver final : public Protocol {
 public:
  ~Giver() override { EXPECT_TRUE(!made_ || lost_) << "was never told of its end"; }
  void connectionMade() override {
    made_ = true;
    give(*this);
  }
  void dataReceived(std::string_view) override {}
  void connectionLost(const Failure& why) override {
    lost_ = true;
    done = why.check<ConnectionDone>();
    expectMemory(why);
    over();
  }
  std::function<void(Giver&)> give;
  std::function<void()> over;
  bool done = false;

 private:
  bool made_ = false;
  bool lost_ = false;
};

/// What `give` gives is `expected` bytes at the other end, or the connection breaks.
void give(Running& running, const ServerEndpoint& server,
          const std::function<ClientEndpoint(const Port&)>& endpoint,
          const std::shared_ptr<Taker>& taker, std::size_t expected,
          std::function<void(Giver&)> giving) {
  running.turns = 200;
  std::shared_ptr<Port> port;
  server.listen(factoryFrom([&](const Address&) { return taker; }))
      .addCallback([&](std::shared_ptr<Port> open) { port = std::move(open); })
      .addErrback([](const Failure& why) { expectMemory(why); });
  if (!port) return;
  const auto giver = std::make_shared<Giver>();
  giver->give = std::move(giving);
  giver->over = [&] { running.turns = 3; };
  connectProtocol(endpoint(*port), giver)
      .addBoth([&](const Result<std::shared_ptr<Giver>>& result) {
        if (result) return;
        running.turns = 3;
        expectMemory(result.failure());
      })
      .addErrback(logging::err);
  running.run();
  EXPECT_TRUE(!giver->done || !taker->finished || taker->received == expected)
      << taker->received << " bytes were taken for all of them";
}

void descriptors(const char* backend) {
  const SafeFolder folder;
  const auto taker = std::make_shared<Taker>();
  taker->expectsDescriptor = true;
  Running running(backend);
  Reactor& reactor = running.reactor;
  const std::string path = folder / "socket";
  give(
      running, UNIXServerEndpoint(reactor, path, defaultBacklog, 0600, true),
      [&](const Port&) { return UNIXClientEndpoint(reactor, path, 5s, true); }, taker,
      2 * big.size(),
      [](Giver& self) {
        self.transport().sendFileDescriptor(STDERR_FILENO);
        self.transport().write(big);
        self.transport().sendFileDescriptor(STDERR_FILENO);
        self.transport().write(big);
        self.transport().loseConnection();
      });
}

/// A file between other bytes: all of it, or its Deferred fails and the rest comes.
void sendFile(const char* backend, bool unixSocket) {
  constexpr std::size_t fileBytes = 3000;
  const SafeFolder folder(1);
  const std::string file = folder / "file";
  {
    const EnoughMemory enough;
    std::ofstream(file) << std::string(fileBytes, 'x');
  }
  const auto taker = std::make_shared<Taker>();
  const std::string path = folder / "socket";
  int told = 0;
  Running running(backend);
  Reactor& reactor = running.reactor;
  const auto giving = [&](Giver& self) {
    self.transport().write(big);
    self.transport()
        .sendFile(file)
        .addBoth([&](const Result<std::uint64_t>& result) {
          ++told;
          if (result) return;
          taker->received += fileBytes;  // instead
          expectMemory(result.failure());
        })
        .addErrback(logging::err);
    self.transport().write(big);
    self.transport().loseConnection();
  };
  const ServerEndpoint server = unixSocket ? ServerEndpoint(UNIXServerEndpoint(reactor, path))
                                           : serverFromString(reactor, "tcp:0:interface=127.0.0.1");
  give(
      running, server,
      [&](const Port& port) { return clientFromString(reactor, port.getHost().toString()); }, taker,
      2 * big.size() + fileBytes, giving);
}

/// Short messages around one that does not fit beside them: what `write` has taken arrives.
void writes(const char* backend) {
  constexpr std::string_view word = "word ";
  const auto taker = std::make_shared<Taker>();
  Running running(backend);
  Reactor& reactor = running.reactor;
  const auto write = [&](Giver& self, std::string_view bytes) {
    try {
      self.transport().write(bytes);
    } catch (const std::bad_alloc&) {
      taker->received += bytes.size();  // instead
    }
  };
  const auto giving = [&](Giver& self) {
    write(self, word);
    write(self, big);
    write(self, word);
    self.transport().loseConnection();
  };
  give(
      running, serverFromString(reactor, "tcp:0:interface=127.0.0.1"),
      [&](const Port& port) { return clientFromString(reactor, port.getHost().toString()); }, taker,
      big.size() + 2 * word.size(), giving);
}

// Standard input and output.

void stdio(const char* backend) {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  ASSERT_EQ(::pipe2(there.data(), O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(back.data(), O_CLOEXEC), 0);
  const auto begin = [](Reactor& reactor, const std::shared_ptr<Protocol>& protocol, int input,
                        int output) {
    try {
      const StandardIO console(reactor, protocol, input, output);
    } catch (...) {
      ::close(input);  // they were not taken over
      ::close(output);
      throw;
    }
  };
  int taken = 0;
  try {
    Running running(backend);
    Reactor& reactor = running.reactor;
    running.turns = 200;
    const auto giver = std::make_shared<Giver>();
    const auto taker = std::make_shared<Taker>();
    giver->give = [](Giver& self) {
      self.transport().write(big);
      self.transport().loseConnection();
    };
    giver->over = [&] { running.turns = 3; };
    taken = 1;
    begin(reactor, giver, back[0], there[1]);
    taken = 2;
    begin(reactor, taker, there[0], back[1]);
    running.run();
    EXPECT_TRUE(!giver->done || !taker->finished || taker->received == big.size());
  } catch (const std::bad_alloc&) {
    if (taken < 2) {
      ::close(there[0]);
      ::close(back[1]);
    }
    if (taken < 1) {
      ::close(back[0]);
      ::close(there[1]);
    }
    throw;
  }
}

// Streams.

Deferred<void> echo(Stream stream) {
  while (auto line = co_await stream.readUntil("\n", 200'000)) co_await stream.write(*line + "\n");
}

Deferred<void> serve(AsyncGenerator<Stream> connections) {
  while (std::optional<Stream> stream = co_await connections.next())
    echo(std::move(*stream)).addErrback([](const Failure& why) { expectMemory(why); });
}

Deferred<void> ask(ClientEndpoint endpoint) {
  Stream stream = co_await connectStream(endpoint);
  co_await stream.write(big + "\n" + std::string(100'000, 'y') + "\n");
  const std::string first = co_await stream.readExactly(big.size() + 1);
  EXPECT_EQ(first.size(), big.size() + 1);
  static_cast<void>(co_await stream.read());
  co_await stream.close();
}

void streams(const char* backend) {
  int served = 0;
  int asked = 0;
  std::shared_ptr<Port> port;
  std::optional<StreamPort> open;
  Running running(backend);
  Reactor& reactor = running.reactor;
  running.turns = Running::untilTheEnd;
  listenStreams(serverFromString(reactor, "tcp:0:interface=127.0.0.1"))
      .addCallback([&](StreamPort streamPort) { open = std::move(streamPort); })
      .addErrback([](const Failure& why) { expectMemory(why); });
  if (!open) return;
  port = open->port;
  Deferred<void> serving = serve(std::move(open->incoming));
  // When the client is through, or has failed, the port closes, and the server's loop ends.
  Deferred<void> asking = ask(clientFromString(reactor, port->getHost().toString()));
  std::move(serving)
      .addBoth([&](const Result<void>& result) {
        ++served;
        running.turns = 3;
        if (!result) expectMemory(result.failure());
      })
      .addErrback(logging::err);
  std::move(asking)
      .addTimeout(oneAloneFails() ? 5s : 1ms, reactor)
      .addBoth([&](const Result<void>& result) {
        ++asked;
        const bool late = !result && result.failure().check<TimeoutError>();
        if (!result && (!late || oneAloneFails())) expectMemory(result.failure());
        port->stopListening().addErrback(logging::err);
      })
      .addErrback(logging::err);
  running.run();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(served, 1);
}

// Stalls.

void stall(const char* backend) {
  std::atomic<int> reports{0};
  Running running(backend);
  Reactor& reactor = running.reactor;
  reactor.reportStalls(1ms, [&](const Stall& found) {
    ++reports;
    logging::warn(found.toString());
  });
  {
    const EnoughMemory enough;
    reactor.callLater(0s, [&] {
      const auto end = std::chrono::steady_clock::now() + 10s;
      while (reports == 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), end) << "nobody has seen it";
        std::this_thread::yield();
      }
    });
  }
  running.run();
}

const MemoryScenario scenarios[] = {
    {"descriptors", descriptors},
    {"sendFile", [](const char* backend) { sendFile(backend, false); }},
    {"sendFileOverUnix", [](const char* backend) { sendFile(backend, true); }},
    {"stdio", stdio},
    {"streams", streams},
    {"stall", stall},
    {"stallOnItsThread", stall, Whose::others},
    {"writes", writes},
};

class NoMemoryInAConnectionFor : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(NoMemoryInAConnectionFor, anythingIsABadAllocOrAFailureAndNobodyIsForgotten) {
  RecordProperty("failed", GetParam().walk());
}

INSTANTIATE_TEST_SUITE_P(, NoMemoryInAConnectionFor, ::testing::ValuesIn(memoryCases(scenarios)),
                         nameOfMemoryCase);

}  // namespace
}  // namespace hawser::torture
