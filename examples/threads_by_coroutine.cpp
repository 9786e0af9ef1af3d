// Threads in coroutines: what the other examples on threads do, written from top to bottom.
//
// co_await deferToThread(...) is the place where a coroutine's work goes on elsewhere; everything
// else in it runs on the reactor's thread, so what coroutines share needs no lock. Three workers
// take numbers from one list, and keep three threads busy.
//
// A lambda that captures something gets a name before it stands in a co_await expression: g++ 12
// destroys its captures twice otherwise.

#include <hawser/hawser.h>

#include <fmt/core.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

int multiplySlowly(int a, int b) {
  if (b < 0) throw std::domain_error("how often is a negative number of times?");
  int product = 0;
  for (int i = 0; i < b; ++i) {
    std::this_thread::sleep_for(1ms);
    product += a;
  }
  return product;
}

struct Work {
  std::vector<int> numbers;  // still to be squared
  std::map<int, int> squares;
};

Deferred<void> worker(Reactor& reactor, Work& work) {
  while (!work.numbers.empty()) {
    const int number = work.numbers.back();
    work.numbers.pop_back();
    work.squares[number] = co_await deferToThread(reactor, multiplySlowly, number, number);
  }
}

Deferred<void> program(Reactor& reactor) {
  fmt::print("6 x 7 = {}\n", co_await deferToThread(reactor, multiplySlowly, 6, 7));

  try {
    co_await deferToThread(reactor, multiplySlowly, 6, -7);
  } catch (const std::domain_error& error) {
    fmt::print("6 x -7: {}\n", error.what());
  }

  Work work{{1, 2, 3, 4, 5, 6, 7}, {}};
  co_await gather(worker(reactor, work), worker(reactor, work), worker(reactor, work));
  for (const auto& [number, square] : work.squares)
    fmt::print("{} x {} = {}\n", number, number, square);

  auto ask = [&reactor, &work] {
    return blockingCallFromThread(reactor, [&work] { return work.squares.at(7); });
  };
  fmt::print("A thread asked what 7 x 7 is: {}\n", co_await deferToThread(reactor, std::move(ask)));

  auto untilStopped = [](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
  };
  const auto result =
      co_await deferToThread(reactor, untilStopped).addTimeout(10ms, reactor).asResult();
  fmt::print("What would not end: {}\n", result.failure().typeName());
}

int main() { return task::react(program); }
