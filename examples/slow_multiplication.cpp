// A multiplication that takes long, in a thread.
//
// A handler that takes long would stop everything, so the work goes to a thread of the reactor's
// pool. What it returns comes back as the value of a Deferred, what it throws as a Failure, and its
// callbacks run on the reactor's thread as always. Cancelling the Deferred asks the work to stop:
// it sees that if it takes a std::stop_token.

#include <hawser/hawser.h>

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <thread>

using namespace hawser;
using namespace std::chrono_literals;

// Adds, again and again, and takes its time for each.
int multiplySlowly(const std::stop_token& stop, int a, int b) {
  if (b < 0) throw std::domain_error("how often is a negative number of times?");
  int product = 0;
  for (int i = 0; i < b && !stop.stop_requested(); ++i) {
    std::this_thread::sleep_for(1ms);
    product += a;
  }
  return product;
}

int main() {
  Reactor reactor;

  auto negative = [&reactor] {
    return deferToThread(reactor, multiplySlowly, 6, -7)
        .addCallback([](int product) { fmt::print("6 x -7 = {}\n", product); })
        .addErrback(
            [](const std::domain_error& error) { fmt::print("6 x -7: {}\n", error.what()); });
  };
  auto endless = [&reactor] {
    return deferToThread(reactor, multiplySlowly, 1, 1'000'000)
        .addTimeout(20ms, reactor)
        .addCallback([](int product) { fmt::print("1 x 1,000,000 = {}\n", product); })
        .addErrback([](const TimeoutError&) { fmt::print("1 x 1,000,000: that took too long\n"); });
  };

  reactor.callWhenRunning([&] {
    deferToThread(reactor, multiplySlowly, 6, 7)
        .addCallback([](int product) { fmt::print("6 x 7 = {}\n", product); })
        .addCallback(negative)
        .addCallback(endless)
        .addErrback(logging::err)
        .addCallback([&reactor] { reactor.stop(); });
    fmt::print("A thread multiplies, and the reactor is free.\n");
  });
  reactor.run();
  fmt::print("The reactor has ended, and so have its threads.\n");
}
