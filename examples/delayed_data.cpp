// Data that comes later, with callbacks for it and an errback for what can go wrong.
//
// A function that cannot answer at once makes a Deferred, gives it to its caller, and keeps the
// Resolver, the firing end. The handlers that it has added itself run first; then those that its
// caller adds. Neither side needs to know the other.

#include <hawser/defer/deferred.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

struct OddNumberError : std::runtime_error {
  explicit OddNumberError(int number)
      : std::runtime_error(fmt::format("{} is an odd number", number)) {}
};

// Three times a number, in two seconds; it has to be an even one.
class Source {
 public:
  explicit Source(Clock& clock) : clock_(clock) {}

  Deferred<std::string> getData(int number) {
    auto [data, resolver] = makeDeferred<int>();
    clock_.callLater(2s, [number, answer = std::move(resolver)]() mutable {
      if (number % 2 == 0)
        answer.callback(3 * number);
      else
        answer.errback(OddNumberError(number));
    });
    return std::move(data).addCallback([](int result) { return fmt::format("<b>{}</b>", result); });
  }

 private:
  Clock& clock_;
};

int main() {
  testing::FakeClock clock;
  Source source(clock);

  for (int number : {4, 3}) {
    fmt::print("Asking for {}:\n", number);
    auto done = source.getData(number)
                    .addCallback([](const std::string& text) { fmt::print("  got {}\n", text); })
                    .addErrback([](const OddNumberError& error) {
                      fmt::print("  errback: {}\n", error.what());
                    })
                    .addCallback([] { fmt::print("  ready for the next one\n"); });
    fmt::print("  (waiting)\n");
    clock.advance(2s);
  }
}
