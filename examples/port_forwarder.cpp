// A port forwarder: who connects to it talks with another server, and neither of them notices.
//
// Two transports are the producers of each other: when one of them cannot send as fast as the other
// one receives, that one is paused, and with it the peer at its far end. So the forwarder holds
// little, however much is sent and however slow the reader is. An end in one direction is passed
// on, and the other direction goes on.
//
// Here a client sends 16 MiB to a server that only begins to read after a while, and answers when
// it has seen the end. (With Streams the same is a few lines: docs/howto/streams.md.)

#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>
#include <hawser/net/stream.h>
#include <hawser/net/stream_port.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/task.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

std::size_t mostQueued = 0;

// One of the two connections of a conversation.
class Side : public Protocol {
 public:
  // What arrives at `other` is written here.
  void follow(const std::shared_ptr<Side>& other) {
    other_ = other;
    transport().registerProducer(other->transport().shared_from_this(), /*streaming=*/true);
  }

  void dataReceived(std::string_view bytes) override {
    const auto other = other_.lock();
    if (!other) return;
    other->transport().write(bytes);
    mostQueued = std::max(mostQueued, other->transport().queuedBytes());
  }
  void readConnectionLost() override {
    if (const auto other = other_.lock()) {
      other->transport().unregisterProducer();  // else the end would wait for it
      other->transport().loseWriteConnection();
    }
  }
  void connectionLost(const Failure& reason) override {
    const auto other = other_.lock();
    if (!other) return;
    other->transport().unregisterProducer();
    if (reason.check<ConnectionDone>())
      other->transport().loseConnection();
    else
      other->transport().abortConnection();  // half an answer must not look like a whole one
  }

 private:
  std::weak_ptr<Side> other_;
};

// The side of the client, which waits until there is a server to talk with.
class Front : public Side {
 public:
  explicit Front(ClientEndpoint server) : server_(std::move(server)) {}

  void connectionMade() override {
    transport().pauseProducing();
    connectProtocol(server_, std::make_shared<Side>())
        .addCallback([front = shared(this)](const std::shared_ptr<Side>& back) {
          if (!front->connected()) return back->transport().abortConnection();
          front->follow(back);
          back->follow(front);
          front->transport().resumeProducing();
        })
        .addErrback([front = shared(this)](const ConnectError& error) {
          fmt::print("{}\n", error.what());
          front->transport().abortConnection();
        });
  }

 private:
  ClientEndpoint server_;
};

Deferred<void> count(Reactor& reactor, Stream stream) {
  co_await task::deferLater(reactor, 100ms);
  std::size_t bytes = 0;
  while (const auto piece = co_await stream.read()) bytes += piece->size();
  co_await stream.write(fmt::format("that was {} bytes", bytes));
}

Deferred<void> countForAll(Reactor& reactor, AsyncGenerator<Stream> guests) {
  while (auto guest = co_await guests.next())
    count(reactor, *std::move(guest)).addErrback([](const ConnectionClosed&) {});
}

Deferred<void> program(Reactor& reactor) {
  const ServerEndpoint anywhere = serverFromString(reactor, "tcp:0:interface=127.0.0.1");
  auto [server, guests] = co_await listenStreams(anywhere);
  auto serving = countForAll(reactor, std::move(guests));
  auto target = clientFromString(reactor, server->getHost().toString());
  const auto forwarder = co_await anywhere.listen(Factory::forProtocol<Front>(target));

  Stream client =
      co_await connectStream(clientFromString(reactor, forwarder->getHost().toString()));
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 256; ++i) co_await client.write(piece);
  client.loseWriteConnection();
  const std::string answer = co_await client.readExactly(23);
  fmt::print("{}\n", answer);
  fmt::print("the forwarder never held more than 1 MiB: {}\n", mostQueued <= 1024 * 1024);

  co_await forwarder->stopListening();
  co_await server->stopListening();
  co_await std::move(serving);
}

int main() { return task::react(program); }
