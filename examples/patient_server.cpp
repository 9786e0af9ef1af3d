// What guests do who keep no rules, and how a server that is a coroutine answers each of them.
//
// One says nothing: a read with a timeout ends that, and the Stream can still be written to. One
// sends a line that never ends: readUntil refuses it at its limit, so nobody fills the memory. One
// hangs up in the middle of a line: what came of it is still there. The network is simulated, so
// half a minute of silence takes no time.

#include <hawser/defer/timeout.h>
#include <hawser/net/stream.h>
#include <hawser/net/stream_port.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/simulated_network.h>

#include <fmt/core.h>

#include <chrono>
#include <string>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

Deferred<void> serve(Stream guest, Reactor& reactor) {
  for (;;) {
    auto line = co_await guest.readUntil("\n", 80).addTimeout(30s, reactor).asResult();
    if (line && !*line) co_return;
    if (line) {
      co_await guest.write("you said: " + **line + "\n");
    } else if (line.failure().check<TimeoutError>()) {
      co_await guest.write("are you still there?\n");
      co_return;
    } else if (line.failure().check<LineTooLongError>()) {
      co_await guest.write("make it short, please\n");
      co_return;
    } else if (line.failure().check<IncompleteReadError>()) {
      const auto rest = co_await guest.read();
      fmt::print("  the server heard half a line: {}\n", *rest);
      co_return;
    } else {
      line.failure().raise();
    }
  }
}

Deferred<void> serveAll(AsyncGenerator<Stream> guests, Reactor& reactor) {
  while (auto guest = co_await guests.next())
    serve(*std::move(guest), reactor).addErrback([](const ConnectionClosed&) {});
}

Deferred<void> visit(ClientEndpoint server, std::string words, bool finishes) {
  Stream stream = co_await connectStream(server);
  co_await stream.write(words);
  if (finishes) stream.loseWriteConnection();
  while (auto answer = co_await stream.readUntil("\n")) fmt::print("  {}\n", *answer);
}

Deferred<void> program(Reactor& reactor) {
  const TCP4ServerEndpoint place(reactor, 7, defaultBacklog, "10.0.0.2");
  auto [port, guests] = co_await listenStreams(place);
  auto serving = serveAll(std::move(guests), reactor);
  const TCP4ClientEndpoint server(reactor, "10.0.0.2", 7);
  fmt::print("A good guest:\n");
  co_await visit(server, "hello\ngood bye\n", true);
  fmt::print("One who falls asleep:\n");
  co_await visit(server, "hello\n", false);
  fmt::print("One who goes on and on:\n");
  co_await visit(server, std::string(1000, 'o'), false);
  fmt::print("One who is called away:\n");
  co_await visit(server, "I only wanted to", true);
  co_await port->stopListening();
  co_await std::move(serving);
}

int main() {
  testing::SimulatedNetwork network(1);
  Reactor reactor(network.makeBackend());
  auto done = program(reactor);
  network.run(reactor, [&] { return done.state() != DeferredState::pending; });
}
