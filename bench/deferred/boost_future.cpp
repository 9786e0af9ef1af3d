// Boost.Thread's future with continuations that run in the call that fires (launch::sync), which is
// cheaper than any executor. A continuation gets the future, and an error is thrown anew in each.

#define BOOST_THREAD_VERSION 5

#include "operations.h"

#include <boost/thread/future.hpp>
#include <boost/version.hpp>

#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace bench;
using Future = boost::future<int>;
using Promise = boost::promise<int>;

struct Boom : std::exception {};

struct AddOne {
  int operator()(Future x) const { return x.get() + 1; }
};

struct HandleAny {
  int operator()(Future x) const {
    try {
      return x.get();
    } catch (...) {
      return 0;
    }
  }
};

struct HandleTyped {
  int operator()(Future x) const {
    try {
      return x.get();
    } catch (const std::exception&) {
      return 0;
    }
  }
};

void take(Future&& future) {
  int result = future.get();
  opaque(result);
}

void ready(std::uint64_t times) {
  for (int value = 0; times; --times) {
    opaque(value);
    take(boost::make_ready_future(value).then(boost::launch::sync, AddOne()));
  }
}

void links(std::uint64_t times, int count) {
  for (; times; --times) {
    Promise promise;
    Future chain = promise.get_future();
    elsewhere();
    for (int i = 0; i < count; ++i) chain = chain.then(boost::launch::sync, AddOne());
    elsewhere();
    promise.set_value(1);
    take(std::move(chain));
  }
}

void one(std::uint64_t times) { links(times, 1); }
void ten(std::uint64_t times) { links(times, 10); }

void flatten(std::uint64_t times) {
  for (; times; --times) {
    Promise outer;
    Promise inner;
    auto chain = outer.get_future()
                     .then(boost::launch::sync,
                           [waitFor = inner.get_future()](Future x) mutable {
                             x.get();
                             return std::move(waitFor);
                           })
                     .unwrap();
    elsewhere();
    outer.set_value(1);
    elsewhere();
    inner.set_value(2);
    take(std::move(chain));
  }
}

template <class Handler>
void errors(std::uint64_t times, int passed) {
  for (; times; --times) {
    Promise promise;
    Future chain = promise.get_future();
    elsewhere();
    for (int i = 0; i < passed; ++i) chain = chain.then(boost::launch::sync, AddOne());
    chain = chain.then(boost::launch::sync, Handler());
    elsewhere();
    promise.set_exception(Boom());
    take(std::move(chain));
  }
}

void errorFirst(std::uint64_t times) { errors<HandleAny>(times, 0); }
void errorTyped(std::uint64_t times) { errors<HandleTyped>(times, 0); }
void errorTen(std::uint64_t times) { errors<HandleAny>(times, 10); }

void gather(std::uint64_t times) {
  for (; times; --times) {
    std::vector<Future> members;
    std::vector<Promise> promises(manyItems);
    members.reserve(manyItems);
    for (Promise& promise : promises) members.push_back(promise.get_future());
    elsewhere();
    auto all = boost::when_all(members.begin(), members.end());
    elsewhere();
    for (Promise& promise : promises) promise.set_value(1);
    if (all.get().size() != manyItems) std::abort();
  }
}

void hold(std::size_t count, void (*mark)()) {
  std::vector<Future> chains;
  std::vector<Promise> promises;
  chains.reserve(count);
  promises.reserve(count);
  mark();
  for (std::size_t i = 0; i < count; ++i) {
    Promise promise;
    chains.push_back(promise.get_future().then(boost::launch::sync, AddOne()));
    promises.push_back(std::move(promise));
  }
  mark();
  for (Promise& promise : promises) promise.set_value(1);
}

const Entry entry({
    .name = "boost",
    .version = BOOST_LIB_VERSION,
    .without =
        "a loop of a million steps overflows the stack; no coroutines; its gather starts a thread",
    .ready = ready,
    .one = one,
    .ten = ten,
    .flatten = flatten,
    .errorFirst = errorFirst,
    .errorTyped = errorTyped,
    .errorTen = errorTen,
    .gather = gather,
    .hold = hold,
    .handles = sizeof(Future) + sizeof(Promise),
});

}  // namespace
