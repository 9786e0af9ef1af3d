#include <hawser/testing/fake_clock.h>

#include <utility>

namespace hawser::testing {

DelayedCall FakeClock::callLater(Duration delay, unique_function<void()> call,
                                 std::source_location where) {
  return timers_.add(delay, std::move(call), where);
}

void FakeClock::advance(Duration amount) {
  now_ += amount;
  while (auto due = timers_.popDue(now_)) due->call();
}

void FakeClock::pump(std::initializer_list<Duration> amounts) {
  for (const Duration amount : amounts) advance(amount);
}

}  // namespace hawser::testing
