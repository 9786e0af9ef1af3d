// The PPL tasks of cpprestsdk, with a scheduler that runs a continuation where it became ready.

#include "operations.h"

#include <cpprest/version.h>
#include <pplx/pplxtasks.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace bench;
using Task = pplx::task<int>;
using Event = pplx::task_completion_event<int>;

struct Boom : std::exception {};

struct RunHere : pplx::scheduler_interface {
  void schedule(pplx::TaskProc_t proc, void* parameter) override { proc(parameter); }
};

const pplx::task_options& here() {
  static RunHere scheduler;
  static const pplx::task_options options{pplx::scheduler_ptr(&scheduler)};
  return options;
}

/// Errors go through the ambient scheduler, whatever the options of their task say; by default that
/// hands them to a pool of threads.
void runErrorsHere() {
  static bool done = false;
  if (!std::exchange(done, true)) pplx::set_ambient_scheduler(std::make_shared<RunHere>());
}

constexpr auto addOne = [](int x) { return x + 1; };
constexpr auto handleAny = [](const Task& x) {
  try {
    return x.get();
  } catch (...) {
    return 0;
  }
};
constexpr auto handleTyped = [](const Task& x) {
  try {
    return x.get();
  } catch (const std::exception&) {
    return 0;
  }
};

void take(const Task& task) {
  int result = task.get();
  opaque(result);
}

void ready(std::uint64_t times) {
  for (int value = 0; times; --times) {
    opaque(value);
    take(pplx::task_from_result(value, here()).then(addOne, here()));
  }
}

void links(std::uint64_t times, int count) {
  for (; times; --times) {
    const Event event;
    Task chain(event, here());
    elsewhere();
    for (int i = 0; i < count; ++i) chain = chain.then(addOne, here());
    elsewhere();
    event.set(1);
    take(chain);
  }
}

void one(std::uint64_t times) { links(times, 1); }
void ten(std::uint64_t times) { links(times, 10); }

void flatten(std::uint64_t times) {
  for (; times; --times) {
    const Event outer;
    const Event inner;
    elsewhere();
    const Task chain =
        Task(outer, here()).then([waitFor = Task(inner, here())](int) { return waitFor; }, here());
    elsewhere();
    outer.set(1);
    elsewhere();
    inner.set(2);
    take(chain);
  }
}

template <class Handler>
void errors(std::uint64_t times, int passed, Handler handler) {
  for (; times; --times) {
    const Event event;
    Task chain(event, here());
    elsewhere();
    for (int i = 0; i < passed; ++i) chain = chain.then(addOne, here());
    chain = chain.then(handler, here());
    elsewhere();
    event.set_exception(Boom());
    take(chain);
  }
}

void errorFirst(std::uint64_t times) { errors(times, 0, handleAny); }
void errorTyped(std::uint64_t times) { errors(times, 0, handleTyped); }
void errorTen(std::uint64_t times) { errors(times, 10, handleAny); }

void gather(std::uint64_t times) {
  for (; times; --times) {
    std::vector<Task> members;
    members.reserve(manyItems);
    std::vector<Event> events;
    events.reserve(manyItems);
    for (std::uint64_t i = 0; i < manyItems; ++i) {
      events.emplace_back();
      members.emplace_back(events.back(), here());
    }
    elsewhere();
    const auto all = pplx::when_all(members.begin(), members.end(), here());
    elsewhere();
    for (const Event& event : events) event.set(1);
    if (all.get().size() != manyItems) std::abort();
  }
}

void hold(std::size_t count, void (*mark)()) {
  std::vector<Task> chains;
  std::vector<Event> events;
  chains.reserve(count);
  events.reserve(count);
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    events.emplace_back();
    chains.push_back(Task(events.back(), here()).then(addOne, here()));
  }
  mark();
  for (const Event& event : events) event.set(1);
}

const std::string version = std::to_string(CPPREST_VERSION_MAJOR) + '.' +
                            std::to_string(CPPREST_VERSION_MINOR) + '.' +
                            std::to_string(CPPREST_VERSION_REVISION);

const Entry entry({
    .name = "pplx",
    .version = version.c_str(),
    .without = "a loop of a million steps overflows the stack; no coroutines",
    .ready = ready,
    .one = one,
    .ten = ten,
    .flatten = flatten,
    .errorFirst = errorFirst,
    .errorTyped = errorTyped,
    .errorTen = errorTen,
    .gather = gather,
    .hold = hold,
    .handles = sizeof(Task) + sizeof(Event),
    .enter = runErrorsHere,
});

}  // namespace
