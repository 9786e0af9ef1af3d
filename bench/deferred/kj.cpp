// KJ (Cap'n Proto): lazy promises on an event loop; `wait` turns it.

#include "operations.h"

#include <capnp/common.h>
#include <kj/async.h>
#include <kj/debug.h>

#include <cstdlib>
#include <string>

namespace {

using namespace bench;
using kj::Promise;

struct Loop {
  kj::EventLoop loop;
  kj::WaitScope scope{loop};
};

Loop* current = nullptr;

void take(Promise<int>&& promise) {
  int result = promise.wait(current->scope);
  opaque(result);
}

constexpr auto addOne = [](int x) { return x + 1; };

void ready(std::uint64_t times) {
  for (int value = 0; times; --times) {
    opaque(value);
    take(Promise<int>(value).then(addOne));
  }
}

void links(std::uint64_t times, int count) {
  for (; times; --times) {
    auto pair = kj::newPromiseAndFulfiller<int>();
    elsewhere();
    for (int i = 0; i < count; ++i) pair.promise = pair.promise.then(addOne);
    elsewhere();
    pair.fulfiller->fulfill(1);
    take(kj::mv(pair.promise));
  }
}

void one(std::uint64_t times) { links(times, 1); }
void ten(std::uint64_t times) { links(times, 10); }

void flatten(std::uint64_t times) {
  for (; times; --times) {
    auto outer = kj::newPromiseAndFulfiller<int>();
    auto inner = kj::newPromiseAndFulfiller<int>();
    elsewhere();
    auto chain = outer.promise.then(
        [waitFor = kj::mv(inner.promise)](int) mutable { return kj::mv(waitFor); });
    elsewhere();
    outer.fulfiller->fulfill(1);
    chain.poll(current->scope);
    inner.fulfiller->fulfill(2);
    take(kj::mv(chain));
  }
}

void errors(std::uint64_t times, int passed) {
  for (; times; --times) {
    auto pair = kj::newPromiseAndFulfiller<int>();
    elsewhere();
    for (int i = 0; i < passed; ++i) pair.promise = pair.promise.then(addOne);
    auto chain = pair.promise.catch_([](kj::Exception&&) { return 0; });
    elsewhere();
    pair.fulfiller->reject(KJ_EXCEPTION(FAILED, "boom"));
    take(kj::mv(chain));
  }
}

void errorFirst(std::uint64_t times) { errors(times, 0); }
void errorTen(std::uint64_t times) { errors(times, 10); }

void gather(std::uint64_t times) {
  for (; times; --times) {
    auto members = kj::heapArrayBuilder<Promise<int>>(manyItems);
    auto fulfillers = kj::heapArrayBuilder<kj::Own<kj::PromiseFulfiller<int>>>(manyItems);
    for (std::uint64_t i = 0; i < manyItems; ++i) {
      auto pair = kj::newPromiseAndFulfiller<int>();
      members.add(kj::mv(pair.promise));
      fulfillers.add(kj::mv(pair.fulfiller));
    }
    elsewhere();
    auto all = kj::joinPromises(members.finish());
    elsewhere();
    for (auto& fulfiller : fulfillers) fulfiller->fulfill(1);
    if (all.wait(current->scope).size() != manyItems) std::abort();
  }
}

using Fulfiller = kj::Own<kj::PromiseFulfiller<int>>;

Promise<int> step(Fulfiller& next, std::uint64_t left) {
  auto pair = kj::newPromiseAndFulfiller<int>();
  next = kj::mv(pair.fulfiller);
  return pair.promise.then([&next, left](int x) -> Promise<int> {
    if (left == 1) return x;
    return step(next, left - 1);
  });
}

void loop(std::uint64_t times) {
  Fulfiller next;
  auto all = step(next, times);
  while (!all.poll(current->scope)) {
    elsewhere();
    next->fulfill(1);
  }
  take(kj::mv(all));
}

void hold(std::size_t count, void (*mark)()) {
  auto chains = kj::heapArrayBuilder<Promise<int>>(count);
  auto fulfillers = kj::heapArrayBuilder<Fulfiller>(count);
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    auto pair = kj::newPromiseAndFulfiller<int>();
    chains.add(pair.promise.then(addOne));
    fulfillers.add(kj::mv(pair.fulfiller));
  }
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    fulfillers[i]->fulfill(1);
    take(kj::mv(chains[i]));
  }
}

std::string version() {
  return std::to_string(CAPNP_VERSION_MAJOR) + '.' + std::to_string(CAPNP_VERSION_MINOR) + '.' +
         std::to_string(CAPNP_VERSION_MICRO);
}

const std::string text = version();

const Entry entry({
    .name = "kj",
    .version = text.c_str(),
    .without = "no coroutines in this version, no semaphore, errors have one type",
    .ready = ready,
    .one = one,
    .ten = ten,
    .flatten = flatten,
    .errorFirst = errorFirst,
    .errorTen = errorTen,
    .gather = gather,
    .loop = loop,
    .hold = hold,
    .handles = sizeof(Promise<int>) + sizeof(Fulfiller),
    .enter = [] { current = new Loop; },
    .leave =
        [] {
          delete current;
          current = nullptr;
        },
});

}  // namespace
