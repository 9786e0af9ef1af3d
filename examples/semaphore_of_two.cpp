// Five jobs, two at a time.
//
// A DeferredSemaphore has a number of tokens. `run` waits for one, starts the job, and gives the
// token back when what the job returned has ended, well or badly; whoever waits first gets it. So a
// list of any length never does more than that at once.

#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

struct Job {
  std::string name;
  std::chrono::seconds time;
};

Deferred<std::string> work(Clock& clock, Job job) {
  fmt::print("  {} begins\n", job.name);
  return task::deferLater(clock, job.time, [name = job.name] {
    fmt::print("  {} ends\n", name);
    if (name == "paint") throw std::runtime_error("no paint left");
    return name + " is done";
  });
}

int main() {
  testing::FakeClock clock;
  DeferredSemaphore hands(2);

  std::vector<Deferred<std::string>> jobs;
  for (const Job& job :
       {Job{"saw", 3s}, Job{"paint", 1s}, Job{"nail", 1s}, Job{"glue", 2s}, Job{"wipe", 1s}})
    jobs.push_back(hands.run([&clock, job] { return work(clock, job); }));
  fmt::print("{} wait\n", hands.waiting());

  auto done = deferredList(std::move(jobs), consumeErrors)
                  .addCallback([](const std::vector<Result<std::string>>& results) {
                    fmt::print("all have ended:\n");
                    for (const Result<std::string>& result : results)
                      fmt::print("  {}\n", result ? *result : result.failure().getErrorMessage());
                  });

  for (int second = 1; second <= 4; ++second) {
    fmt::print("second {}:\n", second);
    clock.advance(1s);
  }
}
