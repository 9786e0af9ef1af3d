#include <hawser/defer/deferred.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

// Longer than what a std::string holds inside itself, so that a checker sees its end.
const std::string longText = "a text that is too long for the small buffer of a string";

/// Runs `body(deferred, fire)` for a Deferred that is fired later and for one that is ready: what
/// happens in a handler happens when `fire` is called, or when the handler is added.
template <class T, class Body>
void inBothForms(const T& value, Body body) {
  {
    auto [deferred, resolver] = makeDeferred<T>();
    body(std::move(deferred), [&it = resolver, &value] { it.callback(T(value)); });
  }
  {
    auto [deferred, resolver] = makeDeferred<T>();
    resolver.callback(T(value));
    body(std::move(deferred), [] {});
  }
}

TEST(Lifetime, letsAHandlerDestroyItsDeferred) {
  inBothForms<std::string>(longText, [](Deferred<std::string> deferred, auto fire) {
    auto owner = std::make_unique<Deferred<std::string>>(std::move(deferred));
    std::string seen;
    owner->addCallback([&](std::string text) {
      owner.reset();
      seen = text;
      return text;
    });
    fire();
    EXPECT_EQ(seen, longText);
    EXPECT_EQ(owner, nullptr);
  });
}

TEST(Lifetime, letsAHandlerDestroyTheOwnerOfItsDeferredAndReportsItsFailure) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    const LogWatcher log;
    struct Owner {
      Deferred<int> deferred;
      std::string name = longText;
    };
    auto owner = std::make_unique<Owner>(Owner{std::move(deferred)});
    owner->deferred.addCallback([&](int) -> int {
      owner.reset();
      throw Oops();
    });
    fire();
    EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
  });
}

TEST(Lifetime, letsAHandlerMoveItsDeferred) {
  inBothForms<std::string>(longText, [](Deferred<std::string> deferred, auto fire) {
    Deferred<std::string> from = std::move(deferred);
    std::optional<Deferred<std::string>> to;
    from.addCallback([&](std::string text) {
      to = std::move(from);
      return text + "!";
    });
    fire();
    ASSERT_TRUE(to);
    EXPECT_EQ(outcome(*to), longText + "!");
    EXPECT_EQ(outcome(from), "empty");
  });
}

TEST(Lifetime, letsAHandlerAssignAnotherDeferredToItsOwn) {
  inBothForms<std::string>(longText, [](Deferred<std::string> deferred, auto fire) {
    Deferred<std::string> variable = std::move(deferred);
    variable.addCallback([&](const std::string& text) {
      variable = succeed(std::string("another"));
      return text;
    });
    fire();
    EXPECT_EQ(outcome(variable), "another");
  });
}

TEST(Lifetime, letsAHandlerExtendItsDeferred) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    std::vector<std::string> seen;
    deferred.addCallback([&](int value) {
      deferred.addCallback([&](int next) {
        seen.push_back("added by it " + std::to_string(next));
        return next + 1;
      });
      seen.push_back("first ends");
      return value + 1;
    });
    fire();
    EXPECT_EQ(seen, (std::vector<std::string>{"first ends", "added by it 2"}));
    EXPECT_EQ(outcome(deferred), "3");
  });
}

TEST(Lifetime, letsAHandlerExtendAndThenDestroyItsDeferred) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    auto owner = std::make_unique<Deferred<int>>(std::move(deferred));
    int seen = 0;
    owner->addCallback([&](int value) {
      owner->addCallback([&](int next) { return seen = next; });
      owner.reset();
      return value + 1;
    });
    fire();
    EXPECT_EQ(seen, 2);
  });
}

TEST(Lifetime, letsAHandlerExtendWithAnotherTypeAndKeepTheNewDeferred) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    std::optional<Deferred<std::string>> text;
    deferred.addCallback([&](int value) {
      text = std::move(deferred).addCallback([](int next) { return std::to_string(next) + "!"; });
      return value + 1;
    });
    fire();
    ASSERT_TRUE(text);
    EXPECT_EQ(outcome(*text), "2!");
  });
}

TEST(Lifetime, letsAHandlerExtendItsDeferredAndReturnAnother) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    auto [inner, resolveInner] = makeDeferred<int>();
    int seen = 0;
    deferred.addCallback([&](int) {
      deferred.addCallback([&](int next) { return seen = next; });
      return std::move(inner);
    });
    fire();
    EXPECT_EQ(seen, 0);
    resolveInner.callback(5);
    EXPECT_EQ(seen, 5);
    EXPECT_EQ(outcome(deferred), "5");
  });
}

TEST(Lifetime, seesAPendingDeferredWhileItsHandlerRuns) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    std::string seen;
    deferred.addCallback([&](int value) {
      seen = outcome(deferred);
      return value;
    });
    fire();
    EXPECT_EQ(seen, "pending");
    EXPECT_EQ(outcome(deferred), "1");
  });
}

TEST(Lifetime, freesEachCallableWhenItHasRun) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    int alive = 0;
    std::vector<int> seen;
    Deferred<int> chain = std::move(deferred)
                              .addCallback([&, counted = Counted(alive)](int value) {
                                seen.push_back(alive);
                                return value;
                              })
                              .addCallback([&](int value) {
                                seen.push_back(alive);
                                return value;
                              });
    fire();
    EXPECT_EQ(seen, (std::vector<int>{1, 0}));
  });
}

TEST(Lifetime, freesTheCallableOfTheLaneThatDidNotRun) {
  int alive = 0;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> chain = std::move(deferred)
                            .addErrback([counted = Counted(alive)](const Failure&) { return 0; })
                            .addErrback([counted = Counted(alive)](const Oops&) { return 0; })
                            .addCallbacks([counted = Counted(alive)](int value) { return value; },
                                          [counted = Counted(alive)](const Failure&) { return 0; });
  EXPECT_EQ(alive, 4);
  resolver.callback(1);
  EXPECT_EQ(alive, 0);
}

TEST(Lifetime, freesTheValueThatAHandlerTookByValue) {
  inBothForms<std::shared_ptr<int>>(
      std::make_shared<int>(1), [](Deferred<std::shared_ptr<int>> deferred, auto fire) {
        std::weak_ptr<int> weak;
        Deferred<bool> alive = std::move(deferred)
                                   .addCallback([&](std::shared_ptr<int> value) { weak = value; })
                                   .addCallback([&] { return !weak.expired(); });
        fire();
        ASSERT_NE(alive.peekValue(), nullptr);
      });
}

TEST(Lifetime, letsWhatAHandlerCapturedOwnTheChain) {
  inBothForms<int>(1, [](Deferred<int> deferred, auto fire) {
    struct Owner {
      std::optional<Deferred<int>> deferred;
      std::string name = longText;
    };
    std::string seen;
    {
      const auto owner = std::make_shared<Owner>();
      owner->deferred.emplace(std::move(deferred).addCallback([owner, &seen](int value) {
        seen = owner->name;
        return value;
      }));
    }
    fire();
    EXPECT_EQ(seen, longText);
  });
}

TEST(Lifetime, letsWhatAHandlerOfTheOtherLaneCapturedOwnTheChain) {
  const LogWatcher log;
  struct Owner {
    std::optional<Deferred<int>> deferred;
  };
  for (const bool withValue : {true, false}) {
    auto [deferred, resolver] = makeDeferred<int>();
    {
      const auto owner = std::make_shared<Owner>();
      if (withValue)
        owner->deferred.emplace(
            std::move(deferred).addErrback([owner](const Failure&) { return 0; }));
      else
        owner->deferred.emplace(
            std::move(deferred).addCallback([owner](int value) { return value; }));
    }
    if (withValue)
      resolver.callback(1);
    else
      resolver.errback(Oops());
  }
  EXPECT_EQ(log.unhandled(), (std::vector<std::string>{"Oops: oops"}));
}

TEST(Lifetime, letsWhatAWaitingHandlerCapturedOwnTheChain) {
  struct Owner {
    std::optional<Deferred<int>> deferred;
  };
  auto [inner, resolveInner] = makeDeferred<int>();
  auto [deferred, resolver] = makeDeferred<int>();
  {
    const auto owner = std::make_shared<Owner>();
    owner->deferred.emplace(std::move(deferred).addCallback(
        [owner, waitFor = &inner](int) { return std::move(*waitFor); }));
  }
  resolver.callback(1);
  resolveInner.callback(2);
}

TEST(Lifetime, runsHandlersThatACaptureAddsAsItGoesAfterItsOwn) {
  struct AddsHandler {
    Deferred<int>*& deferred;
    std::vector<std::string>& seen;
    ~AddsHandler() {
      if (!deferred) return;
      deferred->addCallback([&to = seen](int value) {
        to.push_back("handler " + std::to_string(value));
        return value;
      });
      seen.push_back("capture is gone");
    }
  };
  std::vector<std::string> seen;
  Deferred<int>* self = nullptr;
  auto [deferred, resolver] = makeDeferred<int>();
  Deferred<int> chain = std::move(deferred).addCallback(
      [adds = std::shared_ptr<AddsHandler>(new AddsHandler{self, seen})](int value) {
        return value + 1;
      });
  self = &chain;
  resolver.callback(1);
  EXPECT_EQ(seen, (std::vector<std::string>{"capture is gone", "handler 2"}));
}

TEST(Lifetime, letsTheDestructorOfAValueDropItsOwnChain) {
  struct Value {
    std::shared_ptr<std::optional<Deferred<std::shared_ptr<Value>>>> chain;
    ~Value() { chain->reset(); }
  };
  const auto chain = std::make_shared<std::optional<Deferred<std::shared_ptr<Value>>>>();
  auto [deferred, resolver] = makeDeferred<std::shared_ptr<Value>>();
  chain->emplace(std::move(deferred));
  (*chain)->pause();
  resolver.callback(std::make_shared<Value>(Value{chain}));
  chain->reset();
}

}  // namespace
}  // namespace hawser
