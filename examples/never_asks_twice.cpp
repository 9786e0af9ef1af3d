// A cache that never asks twice for what it has, nor for what is on its way.
//
// A table of values is not enough: between the first question and its answer others may ask the
// same. DeferredCache fetches once for all of them, and keeps the value for a time. An error goes
// to all who wait for it, and is not kept: it may be over when somebody asks again.

#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_cache.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace hawser;
using namespace std::chrono_literals;

// Takes a second, and knows nothing of what is asked in its first five seconds.
class WeatherStation {
 public:
  explicit WeatherStation(Clock& clock) : clock_(clock), open_(clock.now() + 5s) {}

  Deferred<int> temperatureIn(const std::string& city) {
    fmt::print("  station: asked for {}\n", city);
    return task::deferLater(clock_, 1s, [this] {
      if (clock_.now() < open_) throw std::runtime_error("the station is not open yet");
      return 21;
    });
  }

 private:
  Clock& clock_;
  Clock::TimePoint open_;
};

int main() {
  testing::FakeClock clock;
  WeatherStation station(clock);
  DeferredCache<std::string, int> temperatures(
      clock, {.timeToLive = 10min},
      [&station](const std::string& city) { return station.temperatureIn(city); });

  auto ask = [&](const char* who) {
    temperatures.get("Oslo")
        .addCallback([who](int degrees) { fmt::print("  {}: {} degrees\n", who, degrees); })
        .addErrback(
            [who](const Failure& why) { fmt::print("  {}: {}\n", who, why.getErrorMessage()); });
  };

  fmt::print("Too early. Two ask, one question goes out, both get the error:\n");
  ask("Ann");
  ask("Bob");
  clock.advance(1s);

  fmt::print("The error was not kept, so it is asked again. Again both get the answer:\n");
  clock.advance(5s);
  ask("Ann");
  ask("Bob");
  clock.advance(1s);

  fmt::print("The value was kept:\n");
  ask("Cecil");

  fmt::print("Ten minutes later it is too old:\n");
  clock.advance(10min);
  ask("Cecil");
  clock.advance(1s);
}
