#include "net/net_fixture.h"

#include <hawser/defer/deferred_semaphore.h>
#include <hawser/defer/gather.h>
#include <hawser/net/stream_port.h>

#include <algorithm>
#include <vector>

namespace hawser::nettest {
namespace {

Deferred<void> echo(Stream stream) {
  while (auto bytes = co_await stream.read()) co_await stream.write(*bytes);
}

/// What is left to read, to the end.
Deferred<std::string> readAll(Stream& stream) {
  std::string all;
  while (auto bytes = co_await stream.read()) all += *bytes;
  co_return all;
}

Deferred<void> writeAndFinish(Stream& stream, const std::string& bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    co_await stream.write(std::string_view(bytes).substr(at, piece));
  stream.loseWriteConnection();
}

Deferred<void> takeAll(AsyncGenerator<Stream>& incoming, std::vector<Stream>& taken) {
  while (auto stream = co_await incoming.next()) taken.push_back(*std::move(stream));
}

/// Streams over TCP, with both ends in the test.
class Streams : public NetTest {
 protected:
  struct Pair {
    Stream client;
    Stream server;
  };

  StreamPort listen(std::size_t maxWaiting = 64) {
    return valueOf(listenStreams(TCP4ServerEndpoint(reactor, 0, 512, "127.0.0.1"), maxWaiting));
  }
  TCP4ClientEndpoint endpointOf(const StreamPort& server) {
    return TCP4ClientEndpoint(reactor, "127.0.0.1", server.port->getHost().port());
  }
  Stream connect(const StreamPort& server) { return valueOf(connectStream(endpointOf(server))); }
  Pair pair(StreamPort& server) {
    Stream client = connect(server);
    return {std::move(client), *valueOf(server.incoming.next())};
  }
};

TEST_F(Streams, talkToEachOther) {
  StreamPort server = listen();
  auto [client, served] = pair(server);
  valueOf(client.write("question\n"));
  EXPECT_EQ(valueOf(served.readUntil("\n")), "question");
  valueOf(served.write("answer\n"));
  EXPECT_EQ(valueOf(client.readUntil("\n")), "answer");
  EXPECT_EQ(client.transport().getPeer(), server.port->getHost());
}

TEST_F(Streams, carryMuchInBothDirectionsAtOnce) {
  StreamPort server = listen();
  auto [client, served] = pair(server);
  const std::string there = pattern(4'000'000);
  const std::string back = pattern(3'999'999);
  auto writing = gather(writeAndFinish(client, there, 100'000), writeAndFinish(served, back, 7777));
  auto [atServer, atClient] = valueOf(gather(readAll(served), readAll(client)));
  EXPECT_TRUE(atServer == there);
  EXPECT_TRUE(atClient == back);
  valueOf(std::move(writing));
}

TEST_F(Streams, echoMuchWithLittleMemory) {
  StreamPort server = listen();
  Stream client = connect(server);
  Stream served = *valueOf(server.incoming.next());
  const auto held = std::static_pointer_cast<Transport>(served.transport().shared_from_this());
  auto echoing = echo(std::move(served));
  const std::string bytes = pattern(8'000'000);
  std::size_t most = 0;
  auto writing = writeAndFinish(client, bytes, 50'000);
  auto reading = readAll(client).addCallback([&](std::string got) { EXPECT_TRUE(got == bytes); });
  until([&] {
    most = std::max({most, held->queuedBytes(), client.transport().queuedBytes()});
    return reading.state() != DeferredState::pending;
  });
  valueOf(std::move(writing));
  valueOf(std::move(reading));
  valueOf(std::move(echoing));
  EXPECT_LE(most, 256u * 1024);
}

TEST_F(Streams, holdASenderBackWhoseBytesNobodyReads) {
  StreamPort server = listen();
  auto [client, served] = pair(server);
  const std::string bytes = pattern(20'000'000);
  std::size_t written = 0;
  auto writing = [](Stream& to, const std::string& all, std::size_t& count) -> Deferred<void> {
    for (; count < all.size(); count += 50'000)
      co_await to.write(std::string_view(all).substr(count, 50'000));
    to.loseWriteConnection();
  }(client, bytes, written);
  std::size_t before = 1;
  until([&] {
    settle();
    return std::exchange(before, written) == written;
  });
  EXPECT_LT(written, bytes.size());
  EXPECT_LE(client.transport().queuedBytes(), 128u * 1024);
  EXPECT_TRUE(valueOf(readAll(served)) == bytes);
  valueOf(std::move(writing));
}

TEST_F(Streams, answerAfterThePeerHasFinished) {
  StreamPort server = listen();
  auto [client, served] = pair(server);
  valueOf(writeAndFinish(client, "all of it", 3));
  EXPECT_EQ(valueOf(readAll(served)), "all of it");
  valueOf(served.write("thanks"));
  valueOf(served.close());
  EXPECT_EQ(valueOf(readAll(client)), "thanks");
}

TEST_F(Streams, areBrokenForThePeerOfOneThatAborts) {
  StreamPort server = listen();
  auto [client, served] = pair(server);
  auto reading = served.readExactly(100);
  valueOf(client.write("some"));
  until([&] { return client.transport().queuedBytes() == 0; });
  client.abortConnection();
  const auto own = resultOf(client.read());
  ASSERT_FALSE(own);
  EXPECT_EQ(shortType(own.failure()), "ConnectionAborted");
  const auto result = resultOf(std::move(reading));
  ASSERT_FALSE(result);
  EXPECT_EQ(shortType(result.failure()), "IncompleteReadError");
  ASSERT_TRUE(result.failure().cause());
  EXPECT_EQ(shortType(*result.failure().cause()), "ConnectionLost");
}

TEST_F(Streams, areClosedInOrderWhenTheyAreDestroyed) {
  StreamPort server = listen();
  auto [client, served] = pair(server);
  auto written = served.write("the last words");
  served = Stream();
  EXPECT_EQ(valueOf(readAll(client)), "the last words");
  valueOf(std::move(written));
}

TEST_F(Streams, failToConnectAsTheirEndpointDoes) {
  StreamPort server = listen();
  const TCP4ClientEndpoint endpoint = endpointOf(server);
  valueOf(server.port->stopListening());
  const auto refused = resultOf(connectStream(endpoint));
  ASSERT_FALSE(refused);
  EXPECT_EQ(shortType(refused.failure()), "ConnectionRefusedError");
}

TEST_F(Streams, giveUpConnectingWhenCancelled) {
  StreamPort server = listen();
  auto connecting = connectStream(endpointOf(server));
  connecting.cancel();
  const auto cancelled = resultOf(std::move(connecting));
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(shortType(cancelled.failure()), "ConnectingCancelledError");
}

TEST_F(Streams, areClosedIfNobodyTakesThem) {
  StreamPort server = listen();
  {
    auto dropped = connectStream(endpointOf(server));
  }
  Stream served = *valueOf(server.incoming.next());
  EXPECT_EQ(valueOf(readAll(served)), "");
}

// The accept loop.

TEST_F(Streams, areServedOneAfterTheOther) {
  StreamPort server = listen();
  std::vector<Stream> taken;
  auto loop = takeAll(server.incoming, taken);
  std::vector<Stream> clients;
  for (int number = 0; number < 5; ++number) clients.push_back(connect(server));
  until([&] { return taken.size() == 5; });
  valueOf(server.port->stopListening());
  valueOf(std::move(loop));
}

TEST_F(Streams, areGivenBeforeTheEndThoughThePortHasStopped) {
  StreamPort server = listen();
  const Stream first = connect(server);
  const Stream second = connect(server);
  settle();
  valueOf(server.port->stopListening());
  EXPECT_TRUE(valueOf(server.incoming.next()));
  EXPECT_TRUE(valueOf(server.incoming.next()));
  EXPECT_FALSE(valueOf(server.incoming.next()));
  EXPECT_FALSE(valueOf(server.incoming.next()));
}

TEST_F(Streams, areAbortedIfTheLoopGoesBeforeItTookThem) {
  StreamPort server = listen();
  Stream taken = connect(server);
  const Stream served = *valueOf(server.incoming.next());
  Stream waiting = connect(server);
  settle();
  {
    const AsyncGenerator<Stream> gone = std::move(server.incoming);
  }
  EXPECT_FALSE(server.port->listening());
  const auto end = resultOf(waiting.read());
  ASSERT_FALSE(end);
  EXPECT_EQ(shortType(end.failure()), "ConnectionLost");
  EXPECT_TRUE(taken.transport().connected());
}

TEST_F(Streams, areNoLongerAcceptedWhenTheLoopIsCancelled) {
  StreamPort server = listen();
  std::vector<Stream> taken;
  auto loop = takeAll(server.incoming, taken);
  loop.cancel();
  const auto result = resultOf(std::move(loop));
  ASSERT_FALSE(result);
  EXPECT_EQ(shortType(result.failure()), "CancelledError");
  EXPECT_FALSE(server.port->listening());
}

TEST_F(Streams, waitInTheListenQueueWhileTooManyWaitForTheLoop) {
  StreamPort server = listen(2);
  std::vector<Stream> clients;
  for (int number = 0; number < 5; ++number) {
    clients.push_back(connect(server));
    static_cast<void>(valueOf(clients.back().write(std::to_string(number))));
  }
  settle();
  for (int number = 0; number < 5; ++number) {
    Stream served = *valueOf(server.incoming.next());
    EXPECT_EQ(valueOf(served.readExactly(1)), std::to_string(number));
  }
}

TEST_F(Streams, areAsManyAtOnceAsASemaphoreLets) {
  StreamPort server = listen(1);
  DeferredSemaphore slots(2);
  std::size_t most = 0;
  std::size_t now = 0;
  const auto serve = [&](Stream stream, Permit) -> Deferred<void> {
    most = std::max(most, ++now);
    co_await echo(std::move(stream));
    --now;
  };
  const auto accept = [&]() -> Deferred<void> {
    for (;;) {
      Permit slot = co_await slots.scoped();
      auto stream = co_await server.incoming.next();
      if (!stream) co_return;
      serve(*std::move(stream), std::move(slot)).addErrback([](const ConnectionClosed&) {});
    }
  };
  auto loop = accept();
  std::vector<Deferred<std::string>> answers;
  const auto ask = [](ClientEndpoint to, std::string question) -> Deferred<std::string> {
    Stream stream = co_await connectStream(to);
    co_await stream.write(question);
    std::string answer = co_await stream.readExactly(question.size());
    co_return answer;
  };
  for (int number = 0; number < 10; ++number)
    answers.push_back(ask(endpointOf(server), std::to_string(number)));
  for (int number = 0; number < 10; ++number)
    EXPECT_EQ(valueOf(std::move(answers[static_cast<std::size_t>(number)])),
              std::to_string(number));
  EXPECT_LE(most, 2u);
  valueOf(server.port->stopListening());
  valueOf(std::move(loop));
}

TEST_F(Streams, endWithTheirReactor) {
  std::vector<std::string> ends;
  {
    TestNetwork ownNetwork;
    Reactor own(ownNetwork.makeBackend());
    const auto program = [&]() -> Deferred<void> {
      auto [port, incoming] = co_await listenStreams(TCP4ServerEndpoint(own, 0, 512, "127.0.0.1"));
      const TCP4ClientEndpoint endpoint(own, "127.0.0.1", port->getHost().port());
      Stream client = co_await connectStream(endpoint);
      Stream served = *co_await incoming.next();
      auto reading = client.read().addBoth([&](const Result<Stream::Bytes>& result) {
        ends.push_back(result ? "read" : shortType(result.failure()));
      });
      own.stop();
      auto next = co_await incoming.next();
      ends.push_back(next ? "a stream" : "no more streams");
      co_await std::move(reading);
    };
    Deferred<void> running = succeed();
    own.callWhenRunning([&] { running = program(); });
    own.run({.handleSignals = false});
    EXPECT_EQ(running.state(), DeferredState::value);
  }
  std::sort(ends.begin(), ends.end());
  EXPECT_EQ(ends, (std::vector<std::string>{"ConnectionLost", "no more streams"}));
}

}  // namespace
}  // namespace hawser::nettest
