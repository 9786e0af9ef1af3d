#include <hawser/defer/bind_weak.h>

#include <hawser/defer/coroutine.h>

#include "defer/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hawser {
namespace {

struct Viewer {
  std::vector<std::string> shown;
  std::string name = "a name that is too long for the small buffer of a string";

  void show(const std::string& text) { shown.push_back(text); }
  int measure(std::string text) const { return static_cast<int>(text.size()); }
  void showNothing() { shown.emplace_back(); }
  void showFailure(const Failure& failure) { shown.push_back(textOf(failure)); }
  Deferred<std::string> ask(std::string question, Deferred<int> wait) {
    const int answer = co_await std::move(wait);
    co_return name + question + std::to_string(answer);
  }
};

TEST(BindWeak, callsTheHandlerWhileTheObjectIsThere) {
  const auto viewer = std::make_shared<Viewer>();
  Deferred<int> size =
      succeed(std::string("poem")).addCallback(bindWeak(viewer, [&](const std::string& text) {
        viewer->show(text);
        return static_cast<int>(text.size());
      }));
  EXPECT_EQ(outcome(size), "4");
  EXPECT_EQ(viewer->shown, (std::vector<std::string>{"poem"}));
}

TEST(BindWeak, takesMemberFunctions) {
  const auto viewer = std::make_shared<Viewer>();
  const std::weak_ptr<Viewer> weak = viewer;
  succeed(std::string("poem")).addCallback(bindWeak(viewer, &Viewer::show));
  succeed().addCallback(bindWeak(weak, &Viewer::showNothing));
  EXPECT_EQ(viewer->shown, (std::vector<std::string>{"poem", ""}));
  EXPECT_EQ(outcome(succeed(std::string("poem")).addCallback(bindWeak(weak, &Viewer::measure))),
            "4");
}

TEST(BindWeak, doesNotKeepTheObject) {
  auto viewer = std::make_shared<Viewer>();
  const std::weak_ptr<Viewer> weak = viewer;
  auto [deferred, resolver] = makeDeferred<std::string>();
  Deferred<void> chain = std::move(deferred).addCallback(bindWeak(viewer, &Viewer::show));
  viewer.reset();
  EXPECT_TRUE(weak.expired());
  resolver.callback("poem");
  consume(std::move(chain));
}

TEST(BindWeak, failsWithObjectGoneErrorAndSkipsTheHandlerWhenTheObjectIsGone) {
  const auto gone = [] { return std::weak_ptr<Viewer>(); };
  bool ran = false;
  const auto expectGone = [](auto deferred) {
    ASSERT_NE(deferred.peekFailure(), nullptr);
    EXPECT_TRUE(deferred.peekFailure()->template check<ObjectGoneError>());
    consume(std::move(deferred));
  };
  expectGone(succeed(1).addCallback(bindWeak(gone(), [&](int) { ran = true; })));
  expectGone(succeed(1).addCallback(bindWeak(gone(), [&](int value) {
    ran = true;
    return value;
  })));
  expectGone(succeed(1).addCallback(bindWeak(gone(), [&](int) {
    ran = true;
    return Failure(Oops());
  })));
  expectGone(succeed(1).addCallback(bindWeak(gone(), [&](int value) {
    ran = true;
    return succeed(value);
  })));
  expectGone(succeed(1).addCallback(bindWeak(gone(), [&](int value) {
    ran = true;
    return Result<int>(value);
  })));
  expectGone(succeed(1).addBoth(bindWeak(gone(), [&](const Result<int>&) { ran = true; })));
  EXPECT_FALSE(ran);
}

TEST(BindWeak, isNeverReportedAsUnhandled) {
  const LogWatcher log;
  {
    const Deferred<void> dropped =
        succeed(1).addCallback(bindWeak(std::weak_ptr<Viewer>(), [](int) {}));
  }
  EXPECT_TRUE(log.unhandled().empty());
}

TEST(BindWeak, isLoggedByAnErrbackBehindItThatLogsUnlessAnotherComesFirst) {
  const LogWatcher log;
  const auto gone = [] {
    return succeed(1).addCallback(bindWeak(std::weak_ptr<Viewer>(), [](int) {}));
  };
  gone().addErrback([](const ObjectGoneError&) {}).addErrback(logging::err);
  EXPECT_TRUE(log.others().empty());
  gone().addErrback(logging::err);
  ASSERT_EQ(log.others().size(), 1u);
  EXPECT_EQ(log.others()[0].substr(0, 33), "Unhandled error / ObjectGoneError");
}

TEST(BindWeak, passesResultsAndFailuresThatTheHandlerReturns) {
  const auto viewer = std::make_shared<Viewer>();
  EXPECT_EQ(outcome(succeed(1).addCallback(
                bindWeak(viewer, [](int value) { return Result<int>(value + 1); }))),
            "2");
  Deferred<int> failed =
      succeed(1).addCallback(bindWeak(viewer, [](int) { return Failure(Oops()); }));
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

TEST(BindWeak, failsWithWhatTheHandlerThrows) {
  const auto viewer = std::make_shared<Viewer>();
  Deferred<int> failed = succeed(1).addCallback(bindWeak(viewer, [](int) -> int { throw Oops(); }));
  EXPECT_EQ(outcome(failed), "!Oops: oops");
  consume(std::move(failed));
}

TEST(BindWeak, worksOnTheErrbackLane) {
  const auto viewer = std::make_shared<Viewer>();
  EXPECT_EQ(
      outcome(fail<int>(Oops()).addErrback(bindWeak(viewer, [](const Failure&) { return 7; }))),
      "7");
  EXPECT_EQ(outcome(fail<int>(Oops()).addErrback(bindWeak(viewer, [](const Oops&) { return 8; }))),
            "8");
  Deferred<int> other =
      fail<int>(Oops()).addErrback(bindWeak(viewer, [](const CancelledError&) { return 9; }));
  EXPECT_EQ(outcome(other), "!Oops: oops");
  consume(std::move(other));
}

TEST(BindWeak, ofAnErrbackThatReturnsNothingGivesADeferredWithoutValue) {
  const auto viewer = std::make_shared<Viewer>();
  Deferred<void> byLambda = fail<int>(Oops()).addErrback(
      bindWeak(viewer, [&](const Failure& failure) { viewer->showFailure(failure); }));
  Deferred<void> byMember = fail<int>(Oops()).addErrback(bindWeak(viewer, &Viewer::showFailure));
  EXPECT_EQ(outcome(byLambda), "nothing");
  EXPECT_EQ(outcome(byMember), "nothing");
  EXPECT_EQ(viewer->shown, (std::vector<std::string>{"Oops: oops", "Oops: oops"}));
}

TEST(BindWeak, keepsTheObjectWhileItsHandlerRuns) {
  auto viewer = std::make_shared<Viewer>();
  const std::weak_ptr<Viewer> weak = viewer;
  bool alive = false;
  succeed().addCallback(bindWeak(weak, [&] {
    viewer.reset();
    alive = !weak.expired();
  }));
  EXPECT_TRUE(alive);
  EXPECT_TRUE(weak.expired());
}

TEST(BindWeak, keepsTheObjectUntilTheDeferredThatItsHandlerReturnedHasFired) {
  auto viewer = std::make_shared<Viewer>();
  const std::weak_ptr<Viewer> weak = viewer;
  auto [wait, resolver] = makeDeferred<int>();
  bool aliveInTheNext = true;
  Deferred<int> chain =
      succeed().addCallback(bindWeak(weak, [&] { return std::move(wait); })).addCallback([&](int) {
        aliveInTheNext = !weak.expired();
        return 1;
      });
  viewer.reset();
  EXPECT_FALSE(weak.expired());
  resolver.callback(1);
  EXPECT_TRUE(weak.expired());
  EXPECT_FALSE(aliveInTheNext);
  EXPECT_EQ(outcome(chain), "1");
}

TEST(BindWeak, keepsTheCapturesAndArgumentOfACoroutine) {
  for (const bool ready : {true, false}) {
    auto viewer = std::make_shared<Viewer>();
    const std::weak_ptr<Viewer> weak = viewer;
    auto [wait, resolveWait] = makeDeferred<int>();
    auto waited = std::make_shared<Deferred<int>>(std::move(wait));
    auto [deferred, resolver] = makeDeferred<std::string>();
    if (ready) resolver.callback("an argument that is too long for the small buffer");
    Deferred<std::string> chain = std::move(deferred).addCallback(
        bindWeak(weak,
                 [waited, capture = std::string("a capture that is too long for the small buffer "),
                  it = viewer.get()](const std::string& text) -> Deferred<std::string> {
                   co_await std::move(*waited);
                   co_return capture + text + it->name;
                 }));
    if (!ready) resolver.callback("an argument that is too long for the small buffer");
    viewer.reset();
    resolveWait.callback(1);
    EXPECT_EQ(outcome(chain),
              "a capture that is too long for the small buffer an argument that is too long for "
              "the small buffera name that is too long for the small buffer of a string");
    EXPECT_TRUE(weak.expired());
  }
}

TEST(BindWeak, keepsTheObjectOfACoroutineThatIsAMember) {
  auto viewer = std::make_shared<Viewer>();
  auto [wait, resolveWait] = makeDeferred<int>();
  Deferred<std::string> chain =
      succeed(std::string(" asks "))
          .addCallback(bindWeak(viewer, [&, it = viewer.get()](std::string question) {
            return it->ask(std::move(question), std::move(wait));
          }));
  viewer.reset();
  resolveWait.callback(42);
  EXPECT_EQ(outcome(chain), "a name that is too long for the small buffer of a string asks 42");
}

}  // namespace
}  // namespace hawser
