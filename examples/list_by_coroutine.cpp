// A list of numbers, multiplied one after the other by a coroutine.
//
// A loop whose every step waits is hard to write with callbacks. A function that says co_await is a
// coroutine: it stops there, returns a Deferred to its caller, and goes on when the value has come.
// A failure is thrown where it was waited for, and may be caught there like any exception.

#include <hawser/defer/deferred.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

Deferred<int> multiply(Clock& clock, int a, int b) {
  co_await task::deferLater(clock, 1s);
  if (a > 99) throw std::overflow_error(fmt::format("{} is too much for this machine", a));
  co_return a* b;
}

// The numbers are a parameter by value: they have to live as long as the coroutine.
Deferred<std::vector<int>> multiplyAll(Clock& clock, std::vector<int> numbers, int factor) {
  std::vector<int> products;
  for (int number : numbers) {
    try {
      products.push_back(co_await multiply(clock, number, factor));
      fmt::print("  {} x {} = {}\n", number, factor, products.back());
    } catch (const std::overflow_error& error) {
      fmt::print("  {}: left out\n", error.what());
    }
  }
  co_return products;
}

int main() {
  testing::FakeClock clock;
  auto done = multiplyAll(clock, {5, 10, 100, 15}, 3).addCallback([](const std::vector<int>& all) {
    fmt::print("all: {}\n", fmt::join(all, ", "));
  });
  for (int second = 1; second <= 4; ++second) {
    fmt::print("second {}:\n", second);
    clock.advance(1s);
  }
}
