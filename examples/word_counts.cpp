// How many words are in each of many files: a process for each file, four at a time.
//
//     word_counts FILE...
//
// getProcessOutput starts a program and gives what it writes. A DeferredSemaphore keeps it from
// starting hundreds at once. Ctrl-C cancels what is waiting: no process is left behind, no sum of
// less than all is printed, and the exit status is 130, as of any program that was interrupted.

#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/defer/errors.h>
#include <hawser/reactor/process_output.h>
#include <hawser/reactor/task.h>

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace hawser;

Deferred<long> countWords(Reactor& reactor, const std::string& file) {
  return getProcessOutput(reactor, "wc", {"-w", "--", file})
      .addCallback([](const std::string& line) { return std::stol(line); });
}

Deferred<void> program(Reactor& reactor, std::vector<std::string> files) {
  DeferredSemaphore processes(4);
  std::vector<Deferred<long>> counts;
  for (const std::string& file : files)
    counts.push_back(processes.run([&reactor, file] { return countWords(reactor, file); }));

  const std::vector<Result<long>> results = co_await deferredList(std::move(counts), consumeErrors);
  // A list does not fail with its members; that they were cancelled is for react to know.
  for (const Result<long>& count : results)
    if (!count && count.failure().check<CancelledError>()) count.failure().raise();

  long total = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (results[i]) {
      total += *results[i];
      fmt::print("{:8} {}\n", *results[i], files[i]);
    } else {
      fmt::print("       ? {}\n", files[i]);
    }
  }
  fmt::print("{:8} in all\n", total);
}

int main(int argc, char** argv) { return task::react(program, argc, argv); }
