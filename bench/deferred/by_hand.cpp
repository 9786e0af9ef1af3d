// The limit: what a careful person writes instead of using a library. One block from malloc for
// what is pending, one array of function pointers for its links, one block for an error; nothing
// can be cancelled, nothing is checked, nobody is told of an error that nobody handles.

#include "operations.h"

#include <algorithm>
#include <coroutine>
#include <cstdlib>
#include <exception>
#include <utility>

namespace {

using namespace bench;

struct Pending;

struct Link {
  /// Changes the result in place; `fired = false` makes the chain wait for another.
  void (*run)(Pending& chain, void* context);
  void* context;
};

struct Error {
  int kind;
  const char* what;
};

struct Pending {
  /// Grows by doubling.
  Link* links = nullptr;
  unsigned added = 0;
  unsigned ran = 0;
  unsigned room = 0;
  int value = 0;
  Error* error = nullptr;  // from malloc
  bool fired = false;
  /// The chain that goes on with this one's result.
  Pending* waiting = nullptr;
};

template <class T>
T* make() {
  void* block = std::malloc(sizeof(T));
  if (!block) std::abort();
  T* made = ::new (block) T;
  opaque(made);
  return made;
}

void destroy(Pending* chain) {
  std::free(chain->links);
  std::free(chain);
}

void grow(Pending* chain) {
  chain->room = chain->room ? 2 * chain->room : 1;
  auto* links = static_cast<Link*>(std::malloc(chain->room * sizeof(Link)));
  if (!links) std::abort();
  std::copy_n(chain->links, chain->added, links);
  std::free(chain->links);
  chain->links = links;
}

void add(Pending* chain, void (*run)(Pending&, void*), void* context = nullptr) {
  if (chain->added == chain->room) grow(chain);
  chain->links[chain->added++] = {run, context};
}

void run(Pending* chain) {
  for (;;) {
    while (chain->ran < chain->added) {
      const Link link = chain->links[chain->ran++];
      link.run(*chain, link.context);
      if (!chain->fired) return;
    }
    Pending* waiting = chain->waiting;
    if (!waiting) return;
    waiting->value = chain->value;
    waiting->error = chain->error;
    waiting->fired = true;
    destroy(chain);
    chain = waiting;
  }
}

void fire(Pending* chain, int value) {
  chain->value = value;
  chain->fired = true;
  run(chain);
}

void failWith(Pending* chain, Error* error) {
  chain->error = error;
  chain->fired = true;
  run(chain);
}

void take(Pending* chain) {
  if (!chain->fired || chain->error) std::terminate();
  int result = chain->value;
  opaque(result);
  destroy(chain);
}

void addOne(Pending& chain, void*) {
  if (!chain.error) ++chain.value;
}

void handle(Pending& chain, void*) {
  if (chain.error) std::free(std::exchange(chain.error, nullptr));
}

void waitForContext(Pending& chain, void* context) {
  auto* inner = static_cast<Pending*>(context);
  inner->waiting = &chain;
  chain.fired = false;
}

void ready(std::uint64_t times) {
  for (; times; --times) {
    Pending* chain = make<Pending>();
    chain->fired = true;
    add(chain, addOne);
    run(chain);
    take(chain);
  }
}

void links(std::uint64_t times, int count) {
  for (; times; --times) {
    Pending* chain = make<Pending>();
    elsewhere();
    for (int i = 0; i < count; ++i) add(chain, addOne);
    elsewhere();
    fire(chain, 1);
    take(chain);
  }
}

void one(std::uint64_t times) { links(times, 1); }
void ten(std::uint64_t times) { links(times, 10); }

void flatten(std::uint64_t times) {
  for (; times; --times) {
    Pending* outer = make<Pending>();
    Pending* inner = make<Pending>();
    elsewhere();
    add(outer, waitForContext, inner);
    elsewhere();
    fire(outer, 1);
    elsewhere();
    fire(inner, 2);
    take(outer);
  }
}

void errors(std::uint64_t times, int passed) {
  for (; times; --times) {
    Pending* chain = make<Pending>();
    elsewhere();
    for (int i = 0; i < passed; ++i) add(chain, addOne);
    add(chain, handle);
    elsewhere();
    auto* error = make<Error>();
    *error = {5, "boom"};
    failWith(chain, error);
    take(chain);
  }
}

void errorFirst(std::uint64_t times) { errors(times, 0); }
void errorTen(std::uint64_t times) { errors(times, 10); }

struct Gather {
  std::uint64_t left = manyItems;
  int* values = nullptr;
};

struct Member {
  Gather* gather;
  std::uint64_t index;
};

void store(Pending& chain, void* context) {
  auto* member = static_cast<Member*>(context);
  member->gather->values[member->index] = chain.value;
  --member->gather->left;
}

void gather(std::uint64_t times) {
  for (; times; --times) {
    Gather all;
    auto** members = static_cast<Pending**>(std::calloc(manyItems, sizeof(Pending*)));
    auto* contexts = static_cast<Member*>(std::calloc(manyItems, sizeof(Member)));
    all.values = static_cast<int*>(std::calloc(manyItems, sizeof(int)));
    for (std::uint64_t i = 0; i < manyItems; ++i) members[i] = make<Pending>();
    elsewhere();
    for (std::uint64_t i = 0; i < manyItems; ++i) {
      contexts[i] = {&all, i};
      add(members[i], store, &contexts[i]);
    }
    elsewhere();
    for (std::uint64_t i = 0; i < manyItems; ++i) {
      fire(members[i], 1);
      destroy(members[i]);
    }
    if (all.left) std::terminate();
    std::free(all.values);
    std::free(contexts);
    std::free(members);
  }
}

/// A coroutine whose frame comes from malloc; the caller destroys it.
struct Task {
  struct promise_type {
    int value = 0;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(int result) { value = result; }
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

struct Await {
  Pending* pending;
  bool await_ready() const noexcept { return pending->fired; }
  void await_suspend(std::coroutine_handle<> handle) const {
    add(
        pending,
        [](Pending&, void* frame) { std::coroutine_handle<>::from_address(frame).resume(); },
        handle.address());
  }
  int await_resume() const noexcept { return pending->value; }
};

Task plusOne(Pending* pending) { co_return co_await Await{pending} + 1; }

void finish(const Task& task) {
  if (!task.handle.done()) std::terminate();
  int result = task.handle.promise().value;
  opaque(result);
  task.handle.destroy();
}

void awaitReady(std::uint64_t times) {
  for (; times; --times) {
    Pending* pending = make<Pending>();
    pending->fired = true;
    finish(plusOne(pending));
    destroy(pending);
  }
}

Task awaitAll(std::uint64_t times) {
  int value = 0;
  for (; times; --times) {
    Pending* pending = make<Pending>();
    pending->value = value + 1;
    pending->fired = true;
    opaque(value);
    value = co_await Await{pending};
    destroy(pending);
  }
  co_return value;
}

void awaitInside(std::uint64_t times) { finish(awaitAll(times)); }

void awaitPending(std::uint64_t times) {
  for (; times; --times) {
    Pending* pending = make<Pending>();
    elsewhere();
    const Task task = plusOne(pending);
    elsewhere();
    fire(pending, 1);
    finish(task);
    destroy(pending);
  }
}

struct Semaphore {
  struct Job {
    Job* next;
  };
  struct Queue {
    Job* first = nullptr;
    Job** last = &first;
    void push(Job* job) {
      job->next = nullptr;
      *last = job;
      last = &job->next;
    }
    Job* pop() {
      Job* job = first;
      first = job->next;
      if (!first) last = &first;
      return job;
    }
  };
  struct Running : Job {
    Pending* pending;
  };

  int tokens = 10;
  std::uint64_t done = 0;
  Queue waiting;
  Queue running;

  void start() {
    --tokens;
    auto* job = make<Running>();
    job->pending = make<Pending>();
    add(job->pending, finished, this);
    running.push(job);
  }
  static void finished(Pending&, void* context) {
    auto* self = static_cast<Semaphore*>(context);
    ++self->done;
    ++self->tokens;
    if (self->waiting.first) {
      std::free(self->waiting.pop());
      self->start();
    }
  }
};

void semaphore(std::uint64_t times) {
  for (; times; --times) {
    Semaphore semaphore;
    for (std::uint64_t i = 0; i < manyItems; ++i) {
      if (semaphore.tokens)
        semaphore.start();
      else
        semaphore.waiting.push(make<Semaphore::Job>());
    }
    while (semaphore.running.first) {
      auto* job = static_cast<Semaphore::Running*>(semaphore.running.pop());
      fire(job->pending, 1);
      destroy(job->pending);
      std::free(job);
    }
    if (semaphore.done != manyItems) std::terminate();
  }
}

struct Loop {
  std::uint64_t left;
  Pending* current;
};

void nextStep(Pending&, void* context) {
  auto* all = static_cast<Loop*>(context);
  if (--all->left == 0) return;
  all->current = make<Pending>();
  add(all->current, nextStep, all);
}

void loop(std::uint64_t times) {
  Loop all{times, make<Pending>()};
  add(all.current, nextStep, &all);
  while (all.left) {
    elsewhere();
    Pending* pending = all.current;
    fire(pending, 1);
    destroy(pending);
  }
}

Task steps(Pending*& current, std::uint64_t times) {
  int sum = 0;
  for (; times; --times) {
    Pending* pending = make<Pending>();
    current = pending;
    sum = co_await Await{pending};
  }
  co_return sum;
}

void loopAwait(std::uint64_t times) {
  Pending* current = nullptr;
  const Task all = steps(current, times);
  while (!all.handle.done()) {
    elsewhere();
    Pending* pending = std::exchange(current, nullptr);
    fire(pending, 1);
    destroy(pending);
  }
  finish(all);
}

void hold(std::size_t count, void (*mark)()) {
  auto** pending = static_cast<Pending**>(std::calloc(count, sizeof(Pending*)));
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    pending[i] = make<Pending>();
    add(pending[i], addOne);
  }
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    fire(pending[i], 1);
    destroy(pending[i]);
  }
  std::free(pending);
}

const Entry entry({
    .name = "by-hand",
    .version = "malloc",
    .without = "errors have one type",
    .ready = ready,
    .one = one,
    .ten = ten,
    .flatten = flatten,
    .errorFirst = errorFirst,
    .errorTen = errorTen,
    .gather = gather,
    .awaitReady = awaitReady,
    .awaitInside = awaitInside,
    .awaitPending = awaitPending,
    .semaphore = semaphore,
    .loop = loop,
    .loopAwait = loopAwait,
    .hold = hold,
    .handles = 2 * sizeof(Pending*),
});

}  // namespace
