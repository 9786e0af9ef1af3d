// An echo server on several cores: a reactor in each of three threads, all on one port.
//
// Nothing is shared. Each reactor has its own factory, and counts the connections that it gets in a
// variable of its thread; the kernel divides them (SO_REUSEPORT). Whoever wants the sum asks all of
// them. At the end the server stops gracefully: it accepts no more, but connections may finish.
//
// The clients are here, too, on the reactor that is the pool's home.

#include <hawser/hawser.h>
#include <hawser/net/pool_port.h>
#include <hawser/reactor/reactor_pool.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

// Of this thread, and so of its reactor.
thread_local int connections = 0;

class Echo : public Protocol {
 public:
  void connectionMade() override { ++connections; }
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
};

// Waits for its words to come back.
Deferred<void> talk(Stream& stream, std::string words) {
  co_await stream.write(words);
  const auto answer = co_await stream.readExactly(words.size());
  if (answer != words) fmt::print("  {} came back as {}\n", words, answer);
}

Deferred<void> program(Reactor& home, ReactorPool& pool) {
  co_await pool.start(home);
  auto makeFactory = [](Reactor&) { return Factory::forProtocol<Echo>(); };
  auto listening = listenTCP(pool, 0, std::move(makeFactory), {.interface = "127.0.0.1"});
  const auto port = co_await std::move(listening);
  fmt::print("{} reactors listen on one port\n", pool.size());

  std::vector<Stream> streams;
  for (int i = 0; i < 100; ++i) {
    auto endpoint = TCP4ClientEndpoint(home, "127.0.0.1", port->getHost().port());
    streams.push_back(co_await connectStream(endpoint));
    co_await talk(streams.back(), fmt::format("client {}", i));
  }
  const std::vector<int> counts = co_await pool.callOnEach([](Reactor&) { return connections; });
  int sum = 0;
  for (const int count : counts) sum += count;
  fmt::print("they have {} connections, and each of them has some: {}\n", sum,
             std::count(counts.begin(), counts.end(), 0) == 0);

  auto stopped = pool.stop(10s);
  streams.clear();
  const ReactorPoolReport report = co_await std::move(stopped);
  fmt::print("stopped; {} connections were aborted\n", report.aborted());
}

int main() {
  ReactorPool pool(3, {.name = "echo"});
  return task::react([&pool](Reactor& home) { return program(home, pool); });
}
