// A pool of three threads that a semaphore keeps busy, and never floods.
//
// A pool refuses what does not fit into its queue: whoever produces jobs faster than threads do
// them has to wait. A DeferredSemaphore with as many tokens as there are threads does the waiting:
// the next job is handed over when one has ended, so the threads always have one each, and the rest
// waits where it can be seen and cancelled.

#include <hawser/hawser.h>

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

constexpr int threads = 3;
constexpr int jobs = 12;

std::atomic<int> atOnce{0};
std::atomic<int> mostAtOnce{0};

int squareSlowly(int number) {
  const int present = ++atOnce;
  int most = mostAtOnce;
  while (present > most && !mostAtOnce.compare_exchange_weak(most, present)) {
  }
  std::this_thread::sleep_for(2ms);
  --atOnce;
  return number * number;
}

int squareWhenTold(const std::shared_future<void>& told, int number) {
  told.wait();
  return squareSlowly(number);
}

template <class T>
void show(const std::vector<Result<T>>& results) {
  int done = 0;
  int refused = 0;
  T sum{};
  for (const Result<T>& result : results) {
    if (result) {
      ++done;
      sum += *result;
    } else if (result.failure().template check<ThreadPoolFullError>()) {
      ++refused;
    }
  }
  fmt::print("  {} done, {} refused, the sum of the squares is {}\n", done, refused, sum);
}

Deferred<void> program(Reactor& reactor) {
  // No queue at all: what finds no thread is refused.
  ThreadPool pool({.maxThreads = threads, .maxQueued = 0, .name = "squares"});

  fmt::print("All at once:\n");
  std::promise<void> teller;
  const std::shared_future<void> told = teller.get_future().share();
  std::vector<Deferred<int>> flood;
  for (int i = 1; i <= jobs; ++i)
    flood.push_back(deferToThreadPool(reactor, pool, squareWhenTold, told, i));
  teller.set_value();
  show(co_await deferredList(std::move(flood), consumeErrors));

  fmt::print("As many at once as there are threads:\n");
  DeferredSemaphore free(threads);
  std::vector<Deferred<int>> row;
  for (int i = 1; i <= jobs; ++i)
    row.push_back(free.run(
        [&reactor, &pool, i] { return deferToThreadPool(reactor, pool, squareSlowly, i); }));
  fmt::print("  {} wait\n", free.waiting());
  show(co_await deferredList(std::move(row), consumeErrors));
  fmt::print("  never more than {} at once\n", mostAtOnce.load());

  co_await pool.drain(reactor);
}

int main() { return task::react(program); }
