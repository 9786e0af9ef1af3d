#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

// Longer than what a std::string holds inside itself, so that a checker sees its end.
const std::string longText = "a text that is too long for the small buffer of a string";

/// Something that waits, to be fired by the test: handlers take the Deferred out.
struct Wait {
  Deferred<int> deferred;
  Resolver<int> resolver;
  Wait() : Wait(makeDeferred<int>()) {}

 private:
  explicit Wait(DeferredPair<int> pair)
      : deferred(std::move(pair.deferred)), resolver(std::move(pair.resolver)) {}
};

TEST(CoroutineLifetime, freesItsFrameAndParametersWhenItHasEnded) {
  int alive = 0;
  const auto body = [](Counted, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  Wait wait;
  Deferred<int> result = body(Counted(alive), std::move(wait.deferred));
  EXPECT_EQ(alive, 1);
  wait.resolver.callback(1);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(outcome(result), "1");
}

TEST(CoroutineLifetime, freesThemAtOnceWhenItNeverHadToWait) {
  int alive = 0;
  const auto body = [](Counted) -> Deferred<int> { co_return co_await succeed(1); };
  Deferred<int> result = body(Counted(alive));
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(outcome(result), "1");
}

TEST(CoroutineLifetime, freesThemWhenSomebodyHoldsAHandleOrTheValueIsBig) {
  using Big = std::vector<std::string>;
  struct Bigger {
    Big texts;
    char padding[100] = {};
  };
  int alive = 0;
  const auto body = [](Counted, Deferred<int> waited) -> Deferred<Bigger> {
    co_await std::move(waited);
    co_return Bigger{Big{longText}};
  };
  Wait wait;
  Deferred<Bigger> result = body(Counted(alive), std::move(wait.deferred));
  const CancelHandle handle = result.cancelHandle();
  wait.resolver.callback(1);
  EXPECT_EQ(alive, 0);
  ASSERT_NE(result.peekValue(), nullptr);
  EXPECT_EQ(result.peekValue()->texts, Big{longText});
}

TEST(CoroutineLifetime, freesThemWhenItFails) {
  int alive = 0;
  const auto body = [](Counted, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  Wait wait;
  Deferred<int> result = body(Counted(alive), std::move(wait.deferred));
  wait.resolver.errback(Oops());
  EXPECT_EQ(alive, 0);
  consume(std::move(result));
}

TEST(CoroutineLifetime, runsOnWhenItsDeferredIsDropped) {
  std::string seen;
  const auto body = [&](Deferred<int> waited, std::string text) -> Deferred<void> {
    const int got = co_await std::move(waited);
    seen = text + std::to_string(got);
  };
  Wait wait;
  {
    const Deferred<void> dropped = body(std::move(wait.deferred), longText);
  }
  wait.resolver.callback(3);
  EXPECT_EQ(seen, longText + "3");
}

TEST(CoroutineLifetime, reportsTheFailureOfADroppedCoroutineAsUnhandled) {
  const LogWatcher log;
  const auto body = [](Deferred<int> waited) -> Deferred<void> { co_await std::move(waited); };
  Wait wait;
  {
    const Deferred<void> dropped = body(std::move(wait.deferred));
  }
  wait.resolver.errback(Oops());
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(CoroutineLifetime, endsWhenWhatItAwaitsIsAbandoned) {
  const auto body = [](Deferred<int> waited) -> Deferred<std::string> {
    const Result<int> got = co_await std::move(waited).asResult();
    co_return got ? "a value" : got.failure().check<AbandonedError>() ? "abandoned" : "a failure";
  };
  auto wait = std::make_optional<Wait>();
  Deferred<std::string> result = body(std::move(wait->deferred));
  wait.reset();
  EXPECT_EQ(outcome(result), "abandoned");
}

// What a coroutine keeps alive may own the Deferred of that coroutine.

struct Session {
  std::optional<Deferred<int>> running;
  std::string name = longText;
};

TEST(CoroutineLifetime, survivesThatALocalVariableOwnedItsDeferred) {
  Wait wait;
  std::string seen;
  const auto body = [&](std::shared_ptr<Session> parameter, Deferred<int> waited) -> Deferred<int> {
    const std::shared_ptr<Session> self = std::move(parameter);
    const int got = co_await std::move(waited);
    seen = self->name;
    co_return got;
  };
  {
    const auto session = std::make_shared<Session>();
    session->running.emplace(body(session, std::move(wait.deferred)));
  }
  wait.resolver.callback(1);
  EXPECT_EQ(seen, longText);
}

TEST(CoroutineLifetime, survivesThatALocalVariableOwnedItsDeferredWhenItFails) {
  const LogWatcher log;
  Wait wait;
  const auto body = [](std::shared_ptr<Session> parameter, Deferred<int> waited) -> Deferred<int> {
    const std::shared_ptr<Session> self = std::move(parameter);
    co_return co_await std::move(waited);
  };
  {
    const auto session = std::make_shared<Session>();
    session->running.emplace(body(session, std::move(wait.deferred)));
  }
  wait.resolver.errback(Oops());
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(CoroutineLifetime, survivesThatAParameterOwnedItsDeferred) {
  Wait wait;
  const auto body = [](std::shared_ptr<Session>, Deferred<int> waited) -> Deferred<int> {
    co_return co_await std::move(waited);
  };
  {
    const auto session = std::make_shared<Session>();
    session->running.emplace(body(session, std::move(wait.deferred)));
  }
  wait.resolver.callback(1);
}

TEST(CoroutineLifetime, survivesThatAParameterOwnedTheChainThatWaitsForIt) {
  auto wait = std::make_shared<Wait>();
  auto [first, fire] = makeDeferred<int>();
  const auto body = [](std::shared_ptr<Session>, std::shared_ptr<Wait> until) -> Deferred<int> {
    co_return co_await std::move(until->deferred);
  };
  {
    const auto session = std::make_shared<Session>();
    const std::weak_ptr<Session> weak = session;
    session->running.emplace(
        std::move(first).addCallback([body, weak, wait](int) { return body(weak.lock(), wait); }));
    fire.callback(1);
  }
  wait->resolver.callback(2);
}

TEST(CoroutineLifetime, runsAHandlerThatALocalVariableAddsAsItGoesAfterTheBody) {
  struct AddsHandler {
    Deferred<int>*& deferred;
    std::vector<std::string>& seen;
    ~AddsHandler() {
      deferred->addCallback([&to = seen](int value) {
        to.push_back("handler " + std::to_string(value));
        return value;
      });
      seen.push_back("local is gone");
    }
  };
  Wait wait;
  std::vector<std::string> seen;
  Deferred<int>* self = nullptr;
  const auto body = [&](Deferred<int> waited) -> Deferred<int> {
    const AddsHandler adds{self, seen};
    co_return co_await std::move(waited);
  };
  Deferred<int> result = body(std::move(wait.deferred));
  self = &result;
  wait.resolver.callback(4);
  EXPECT_EQ(seen, (std::vector<std::string>{"local is gone", "handler 4"}));
}

}  // namespace
}  // namespace hawser
