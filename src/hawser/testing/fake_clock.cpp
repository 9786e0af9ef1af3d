#include <hawser/testing/fake_clock.h>

#include <hawser/defer/detail/handler_scope.h>

#include <utility>

namespace hawser::testing {

FakeClock::FakeClock() noexcept : timers_(*this) { hawser::detail::runState.turn = 0; }

DelayedCall FakeClock::callLater(Duration delay, unique_function<void()> call,
                                 std::source_location where) {
  return timers_.add(delay, std::move(call), where);
}

void FakeClock::advance(Duration amount) {
  now_ += amount;
  hawser::detail::runState.turn = now_.time_since_epoch().count();
  while (auto due = timers_.popDue(now_)) due->call();
}

void FakeClock::pump(std::initializer_list<Duration> amounts) {
  for (const Duration amount : amounts) advance(amount);
}

}  // namespace hawser::testing
