// Four numbers that are fetched at the same time, and their sum.
//
// To wait for one after the other would take as long as all of them together. gather takes four
// Deferreds that run already, and fires with the four values in their order, whichever came first;
// so it takes as long as the slowest. If one fails, the whole fails at once, and says which.

#include <hawser/defer/deferred.h>
#include <hawser/defer/gather.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

struct Fetch {
  int number;
  std::chrono::seconds time;
};

Deferred<int> fetchNumber(Clock& clock, Fetch what) {
  return task::deferLater(clock, what.time, [number = what.number] {
    if (number < 0) throw std::domain_error(fmt::format("{} is no natural number", number));
    fmt::print("  {} is here\n", number);
    return number;
  });
}

Deferred<void> printSum(Clock& clock, const std::vector<Fetch>& fetches) {
  std::vector<Deferred<int>> numbers;
  for (const Fetch& fetch : fetches) numbers.push_back(fetchNumber(clock, fetch));
  return gather(std::move(numbers))
      .addCallback([&clock](const std::vector<int>& values) {
        fmt::print("  {} = {}, after {} s\n", fmt::join(values, " + "),
                   std::reduce(values.begin(), values.end()),
                   std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch() / 1s);
      })
      .addErrback([](const FirstError& error) {
        fmt::print("  no sum, because of number {}: {}\n", error.index + 1,
                   error.subFailure.getErrorMessage());
      });
}

int main() {
  {
    fmt::print("Four numbers:\n");
    testing::FakeClock clock;
    auto done = printSum(clock, {{1, 3s}, {2, 1s}, {3, 4s}, {4, 2s}});
    clock.pump({1s, 1s, 1s, 1s});
  }
  {
    fmt::print("One of them is bad:\n");
    testing::FakeClock clock;
    auto done = printSum(clock, {{1, 3s}, {2, 1s}, {-3, 2s}, {4, 4s}});
    clock.pump({1s, 1s, 1s, 1s});
  }
}
