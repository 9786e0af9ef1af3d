#include <hawser/defer/timeout.h>
#include <hawser/net/stream.h>
#include <hawser/net/stream_port.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/clean_test.h>
#include <hawser/testing/simulated_network.h>

#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hawser::nettest {
namespace {

using namespace std::chrono_literals;

constexpr int questions = 5;

std::string bytesOf(int client, int question) {
  const auto size = static_cast<std::size_t>(client * 7919 + question * 104'729) % 150'000;
  return std::string(size, static_cast<char>('a' + (client + question) % 26));
}

/// Answers each "SIZE\n" and so many bytes with the same.
Deferred<void> answer(Stream stream) {
  while (auto line = co_await stream.readUntil("\n", 10)) {
    std::size_t size = 0;
    std::from_chars(line->data(), line->data() + line->size(), size);
    const std::string bytes = co_await stream.readExactly(size);
    co_await stream.write(*line + "\n");
    co_await stream.write(bytes);
  }
  co_await stream.close();
}

Deferred<void> serve(AsyncGenerator<Stream> incoming, Reactor& reactor) {
  while (auto stream = co_await incoming.next())
    answer(*std::move(stream))
        .addTimeout(10min, reactor)
        .addErrback([](const ConnectionClosed&) {})
        .addErrback([](const TimeoutError&) {});
}

/// Fires with how many right answers it got.
Deferred<int> ask(ClientEndpoint server, int client) {
  Stream stream = co_await connectStream(server);
  for (int question = 0; question < questions; ++question) {
    const std::string bytes = bytesOf(client, question);
    co_await stream.write(std::to_string(bytes.size()) + "\n");
    co_await stream.write(bytes);
    const auto line = co_await stream.readUntil("\n", 10);
    if (line != std::to_string(bytes.size())) co_return question;
    if (co_await stream.readExactly(bytes.size()) != bytes) co_return -1;
  }
  stream.loseWriteConnection();
  const bool ended = co_await stream.atEnd();
  co_return ended ? questions : -1;
}

/// What the clients came to under one seed; empty if something must not be.
std::vector<std::string> outcomes(std::uint64_t seed) {
  testing::NetworkConditions network;
  network.cutting = 0.5;
  network.resetting = seed % 2 == 0 ? 0.005 : 0;
  network.stalling = seed % 3 == 0 ? 0.002 : 0;
  network.refusing = seed % 5 == 0 ? 0.2 : 0;
  testing::SimulatedNetwork world(seed, network);
  Reactor reactor(world.makeBackend());
  std::vector<std::string> ends;
  Deferred<void> serving = succeed();
  std::shared_ptr<Port> port;
  listenStreams(TCP4ServerEndpoint(reactor, 7, defaultBacklog, "10.0.0.2"))
      .addCallback([&](StreamPort listening) {
        port = listening.port;
        serving = serve(std::move(listening.incoming), reactor);
      });
  const TCP4ClientEndpoint server(reactor, "10.0.0.2", 7);
  for (int client = 0; client < 8; ++client)
    ask(server, client).addTimeout(5min, reactor).addBoth([&](const Result<int>& end) {
      if (end)
        ends.push_back(*end == questions ? "all" : "only " + std::to_string(*end));
      else if (end.failure().check<ConnectionClosed, ConnectError, TimeoutError>())
        ends.emplace_back("an error");
      else
        ends.push_back(end.failure().getTraceback());
    });
  world.run(reactor, [&] { return ends.size() == 8; });
  static_cast<void>(port->stopListening());
  world.settle(reactor);
  EXPECT_EQ(serving.state(), DeferredState::value) << "seed " << seed;
  EXPECT_EQ(world.channels(), 0u) << "seed " << seed << "\n" << world.describeChannels();
  EXPECT_TRUE(reactor.getDelayedCalls().empty()) << "seed " << seed;
  return ends;
}

class StreamWeather : public testing::CleanTest {};

TEST_F(StreamWeather, letsEveryConversationEndWithAllAnswersOrATypedError) {
  int all = 0;
  int errors = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const std::string& end : outcomes(seed)) {
      if (end == "all")
        ++all;
      else if (end == "an error")
        ++errors;
      else
        ADD_FAILURE() << "seed " << seed << ": " << end;
    }
  }
  EXPECT_GT(all, 100);
  EXPECT_GT(errors, 20);
}

}  // namespace
}  // namespace hawser::nettest
