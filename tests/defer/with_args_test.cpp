#include <hawser/defer/with_args.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace hawser {
namespace {

TEST(WithArgs, givesAHandlerMoreThanTheResult) {
  const auto scale = [](int value, int factor, int offset) { return value * factor + offset; };
  EXPECT_EQ(outcome(succeed(5).addCallback(withArgs(scale, 8, 2))), "42");
}

TEST(WithArgs, worksForHandlersThatTakeNoResult) {
  EXPECT_EQ(outcome(succeed().addCallback(withArgs([](int a, int b) { return a + b; }, 2, 3))),
            "5");
}

TEST(WithArgs, worksOnTheOtherLanes) {
  const auto orElse = [](const Failure&, int otherwise) { return otherwise; };
  EXPECT_EQ(outcome(fail<int>(Oops()).addErrback(withArgs(orElse, 7))), "7");
  const auto either = [](const Result<int>& result, std::string text) {
    return result ? std::string("a value") : std::move(text);
  };
  EXPECT_EQ(outcome(fail<int>(Oops()).addBoth(withArgs(either, std::string("a failure")))),
            "a failure");
}

TEST(WithArgs, movesItsArgumentsIntoTheHandler) {
  const auto add = [](int value, std::unique_ptr<int> more) { return value + *more; };
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> sum = std::move(deferred).addCallback(withArgs(add, std::make_unique<int>(40)));
  resolver.callback(2);
  EXPECT_EQ(outcome(sum), "42");
}

TEST(WithArgs, keepsThemForACoroutine) {
  for (const bool ready : {true, false}) {
    auto [wait, resolveWait] = makeDeferred<int>();
    auto [deferred, resolver] = makeDeferred<std::string>();
    if (ready) resolver.callback("a result that is too long for the small buffer ");
    const auto body = [waited = std::make_shared<Deferred<int>>(std::move(wait))](
                          const std::string& result,
                          const std::string& argument) -> Deferred<std::string> {
      co_await std::move(*waited);
      co_return result + argument;
    };
    Deferred<std::string> text = std::move(deferred).addCallback(
        withArgs(body, std::string("an argument that is too long for the small buffer")));
    if (!ready) resolver.callback("a result that is too long for the small buffer ");
    resolveWait.callback(1);
    EXPECT_EQ(outcome(text),
              "a result that is too long for the small buffer an argument that is too long for "
              "the small buffer");
  }
}

}  // namespace
}  // namespace hawser
