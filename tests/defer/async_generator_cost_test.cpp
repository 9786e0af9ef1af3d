#include <hawser/defer/async_generator.h>

#include "defer/heap.h"
#include "defer/support.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace hawser {
namespace {

std::string itemOf(const Deferred<std::optional<int>>& next) {
  if (const auto* item = next.peekValue()) return *item ? textOf(**item) : "the end";
  if (const Failure* failure = next.peekFailure()) return "!" + textOf(*failure);
  return "pending";
}

constexpr int million = 1'000'000;

AsyncGenerator<int> numbersUpTo(int last) {
  for (int i = 0; i < last; ++i) co_yield i;
}

TEST(AsyncGeneratorCost, isNoStackForAMillionReadyItems) {
  EXPECT_LT(heap::peakOf([] {
              const auto count = [](AsyncGenerator<int> numbers) -> Deferred<int> {
                int read = 0;
                while (co_await numbers.next()) ++read;
                co_return read;
              };
              EXPECT_EQ(outcome(count(numbersUpTo(million))), std::to_string(million));
            }),
            heap::fewKilobytes);
}

TEST(AsyncGeneratorCost, isNoStackForAMillionItemsThatAreWaitedFor) {
  const int items = heap::counts ? million : 100'000;
  EXPECT_LT(heap::peakOf([items] {
              Resolver<int> resolver;
              const auto body = [&](int left) -> AsyncGenerator<int> {
                for (; left != 0; --left) {
                  auto [deferred, next] = makeDeferred<int>();
                  resolver = std::move(next);
                  co_yield co_await std::move(deferred);
                }
              };
              const auto count = [](AsyncGenerator<int> numbers) -> Deferred<int> {
                int read = 0;
                while (co_await numbers.next()) ++read;
                co_return read;
              };
              const Deferred<int> read = count(body(items));
              while (resolver) {
                Resolver<int> now = std::move(resolver);
                now.callback(1);
              }
              EXPECT_EQ(outcome(read), std::to_string(items));
            }),
            heap::fewKilobytes);
}

TEST(AsyncGeneratorCost, isNoStackForGeneratorsThatReadEachOther) {
  const auto plusOne = [](AsyncGenerator<int> numbers) -> AsyncGenerator<int> {
    while (const std::optional<int> number = co_await numbers.next()) co_yield *number + 1;
  };
  const auto waits = [](Deferred<int> waited) -> AsyncGenerator<int> {
    co_yield co_await std::move(waited);
  };
  auto [wait, resolver] = makeDeferred<int>();
  AsyncGenerator<int> numbers = waits(std::move(wait));
  for (int i = 0; i < 100; ++i) numbers = plusOne(std::move(numbers));
  const Deferred<std::optional<int>> next = numbers.next();
  resolver.callback(0);
  EXPECT_EQ(itemOf(next), "100");
  EXPECT_EQ(itemOf(numbers.next()), "the end");
}

TEST(AsyncGeneratorCost, isOneBlockForTheBodyAndNoneForItsItems) {
  if (!heap::counts) return;
  const std::size_t before = heap::allocations();
  {
    AsyncGenerator<int> numbers = numbersUpTo(3);
    for (int i = 0; i < 5; ++i) static_cast<void>(numbers.next().peekValue());
  }
  EXPECT_LE(heap::allocations() - before, 1u);
}

TEST(AsyncGeneratorCost, isNoBlockForAnItemThatIsWaitedFor) {
  if (!heap::counts) return;
  auto [wait, resolver] = makeDeferred<int>();
  const auto body = [](Deferred<int> waited) -> AsyncGenerator<int> {
    co_yield co_await std::move(waited);
  };
  AsyncGenerator<int> numbers = body(std::move(wait));
  const std::size_t before = heap::allocations();
  const Deferred<std::optional<int>> next = numbers.next();
  resolver.callback(1);
  EXPECT_EQ(itemOf(next), "1");
  EXPECT_EQ(heap::allocations() - before, 0u);
}

}  // namespace
}  // namespace hawser
