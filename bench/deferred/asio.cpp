// Asio: a chain of `deferred` operations is one type, composed before it starts, so there is no
// pending object to add to; a coroutine is an `awaitable`. Only the call that fires is behind a
// pointer.

#define ASIO_STANDALONE
#define ASIO_NO_DEPRECATED

#include "operations.h"

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace bench;
using asio::experimental::deferred;

struct Waiting {
  virtual ~Waiting() = default;
  virtual void fire(int value) = 0;
};
using Resolver = std::unique_ptr<Waiting>;

/// An operation that waits until `resolver` fires.
template <class Token>
auto pending(Resolver& resolver, Token&& token) {
  return asio::async_initiate<Token, void(int)>(
      [&resolver](auto handler) {
        struct Kept final : Waiting {
          explicit Kept(decltype(handler)&& kept) : then(std::move(kept)) {}
          void fire(int value) override { std::move(then)(value); }
          decltype(handler) then;
        };
        resolver = std::make_unique<Kept>(std::move(handler));
      },
      token);
}

constexpr auto addOne = [](int x) { return deferred.values(x + 1); };

struct Take {
  int* result;
  void operator()(int value) const { *result = value; }
};

void ready(std::uint64_t times) {
  for (int value = 0; times; --times) {
    opaque(value);
    auto chain = deferred.values(value)(deferred(addOne));
    std::move(chain)(Take{&value});
    opaque(value);
  }
}

template <class Chain>
void launchAndFire(Resolver& resolver, Chain chain) {
  int result = -1;
  elsewhere();
  std::move(chain)(Take{&result});
  elsewhere();
  const Resolver now = std::move(resolver);
  now->fire(1);
  if (resolver) {
    const Resolver then = std::move(resolver);
    then->fire(2);
  }
  if (result < 0) std::abort();
  opaque(result);
}

void one(std::uint64_t times) {
  for (Resolver resolver; times; --times)
    launchAndFire(resolver, pending(resolver, deferred)(deferred(addOne)));
}

void ten(std::uint64_t times) {
  for (Resolver resolver; times; --times)
    launchAndFire(resolver,
                  pending(resolver, deferred)(deferred(addOne))(deferred(addOne))(deferred(addOne))(
                      deferred(addOne))(deferred(addOne))(deferred(addOne))(deferred(addOne))(
                      deferred(addOne))(deferred(addOne))(deferred(addOne)));
}

void flatten(std::uint64_t times) {
  for (Resolver resolver; times; --times)
    launchAndFire(resolver, pending(resolver, deferred)(deferred(
                                [&resolver](int) { return pending(resolver, deferred); })));
}

using asio::awaitable;
using asio::use_awaitable;

awaitable<int> value(int x) { co_return x; }
awaitable<int> plusOne(awaitable<int> x) { co_return co_await std::move(x) + 1; }
awaitable<int> plusOne(Resolver& resolver) {
  co_return co_await pending(resolver, use_awaitable) + 1;
}

/// Runs a coroutine to its end, firing whatever it waits for.
void drive(awaitable<void> all, const bool& done, Resolver& resolver) {
  asio::io_context context(1);
  asio::co_spawn(context, std::move(all), asio::detached);
  context.poll();
  while (!done) {
    elsewhere();
    const Resolver now = std::move(resolver);
    now->fire(1);
  }
}

awaitable<void> awaitReadyTimes(std::uint64_t times, bool& done) {
  for (int x = 0; times; --times) {
    opaque(x);
    x = co_await plusOne(value(x));
    opaque(x);
  }
  done = true;
}

awaitable<void> awaitPendingTimes(std::uint64_t times, Resolver& resolver, bool& done) {
  for (; times; --times) {
    int x = co_await plusOne(resolver);
    opaque(x);
  }
  done = true;
}

awaitable<void> loopTimes(std::uint64_t times, Resolver& resolver, bool& done) {
  int x = 0;
  for (; times; --times) x = co_await pending(resolver, use_awaitable);
  opaque(x);
  done = true;
}

void awaitReady(std::uint64_t times) {
  bool done = false;
  Resolver resolver;
  drive(awaitReadyTimes(times, done), done, resolver);
}

void awaitPending(std::uint64_t times) {
  bool done = false;
  Resolver resolver;
  drive(awaitPendingTimes(times, resolver, done), done, resolver);
}

void loopAwait(std::uint64_t times) {
  bool done = false;
  Resolver resolver;
  drive(loopTimes(times, resolver, done), done, resolver);
}

std::string version() {
  return std::to_string(ASIO_VERSION / 100000) + '.' + std::to_string(ASIO_VERSION / 100 % 1000) +
         '.' + std::to_string(ASIO_VERSION % 100);
}

const std::string text = version();

const Entry entry({
    .name = "asio",
    .version = text.c_str(),
    .without = "its chains are types: no pending object, errors as arguments, no vector to join",
    .ready = ready,
    .one = one,
    .ten = ten,
    .flatten = flatten,
    .awaitReady = awaitReady,
    .awaitPending = awaitPending,
    .loopAwait = loopAwait,
});

}  // namespace
