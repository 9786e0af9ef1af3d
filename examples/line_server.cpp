// A server that shouts, and a guest who talks to it, both as coroutines.
//
// Each connection is a Stream, and one coroutine has one conversation: it asks for a line and
// answers it, until the guest has finished. The accept loop takes one guest after the other, and
// each is served beside the others, since nobody waits for what serve returns. Its handler says
// what shall happen when a connection ends badly: here nothing, for that is the guest's affair.
// Other errors would be logged as unhandled.

#include <hawser/net/stream.h>
#include <hawser/net/stream_port.h>
#include <hawser/reactor/task.h>

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

using namespace hawser;

std::string inCapitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

Deferred<void> serve(Stream guest) {
  while (auto line = co_await guest.readUntil("\n")) {
    co_await guest.write(inCapitals(*line));
    co_await guest.write("!\n");
  }
}

Deferred<void> serveAll(AsyncGenerator<Stream> guests) {
  while (auto guest = co_await guests.next())
    serve(*std::move(guest)).addErrback([](const ConnectionClosed&) {});
}

Deferred<void> talk(ClientEndpoint server) {
  Stream stream = co_await connectStream(server);
  co_await stream.write("good morning\nis anybody there\nall alone\n");
  stream.loseWriteConnection();
  while (auto answer = co_await stream.readUntil("\n")) fmt::print("{}\n", *answer);
}

Deferred<void> program(Reactor& reactor) {
  const ServerEndpoint place = serverFromString(reactor, "tcp:0:interface=127.0.0.1");
  auto [port, guests] = co_await listenStreams(place);
  auto serving = serveAll(std::move(guests));
  co_await talk(clientFromString(reactor, port->getHost().toString()));
  co_await port->stopListening();
  co_await std::move(serving);
}

int main() { return task::react(program); }
