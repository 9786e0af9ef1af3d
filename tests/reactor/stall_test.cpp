#include "reactor/support.h"

#include <hawser/defer/deferred.h>
#include <hawser/reactor/detail/stall_watch.h>
#include <hawser/reactor/remote_resolver.h>
#include <hawser/reactor/task.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace hawser::tests {
namespace {

using detail::HandlerMark;
using detail::HandlerMarks;
using detail::StallFinder;
using Kind = Stall::Kind;

/// What the finder says, at times that the test chooses.
class FindingStalls : public ::testing::Test {
 protected:
  void SetUp() override { detail::handlerMarks = &marks; }
  void TearDown() override { detail::handlerMarks = nullptr; }

  std::optional<Stall> lookAfter(std::chrono::nanoseconds time) { return finder.look(now += time); }

  HandlerMarks marks;
  StallFinder finder{marks, 100ms};
  StallFinder::TimePoint now{};
};

class SlowProtocol {
 public:
  virtual ~SlowProtocol() = default;
};
class SlowestProtocol : public SlowProtocol {};

TEST_F(FindingStalls, aReactorThatWaitsIsNotStalled) {
  for (int hour = 0; hour < 10; ++hour) EXPECT_FALSE(lookAfter(1h));
}

TEST_F(FindingStalls, turnsThatEndAreNoStallHoweverManyThereAre) {
  for (int turn = 0; turn < 100; ++turn) {
    marks.turnBegins();
    EXPECT_FALSE(lookAfter(50ms));
    const HandlerMark mark("while busy", std::source_location());
    EXPECT_FALSE(lookAfter(40ms));
    marks.turnEnds();
  }
}

TEST_F(FindingStalls, aHandlerIsReportedFromTheThresholdOnAndWhenItHasLastedTwiceAsLong) {
  marks.turnBegins();
  const HandlerMark mark("while busy", std::source_location());
  EXPECT_FALSE(lookAfter(25ms));
  EXPECT_FALSE(lookAfter(99ms));
  const auto first = lookAfter(1ms);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, Kind::handler);
  EXPECT_EQ(first->lasted, 100ms);
  EXPECT_FALSE(lookAfter(99ms));
  const auto second = lookAfter(1ms);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->lasted, 200ms);
  EXPECT_FALSE(lookAfter(199ms));
  EXPECT_TRUE(lookAfter(1ms));
  EXPECT_TRUE(lookAfter(24h));
  EXPECT_FALSE(lookAfter(1h));
  EXPECT_TRUE(lookAfter(24h));
}

TEST_F(FindingStalls, theEndOfAStallIsReportedOnce) {
  marks.turnBegins();
  {
    const HandlerMark mark("while busy", std::source_location());
    EXPECT_FALSE(lookAfter(0ms));
    EXPECT_TRUE(lookAfter(300ms));
  }
  marks.turnEnds();
  const auto over = lookAfter(25ms);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->kind, Kind::over);
  EXPECT_EQ(over->lasted, 325ms);
  EXPECT_STREQ(over->what, "while busy");
  EXPECT_FALSE(lookAfter(25ms));
}

TEST_F(FindingStalls, manyShortHandlersOfOneTurnAreToldFromOneThatIsLong) {
  marks.turnBegins();
  EXPECT_FALSE(lookAfter(0ms));
  std::optional<Stall> found;
  for (int handler = 0; handler < 10 && !found; ++handler) {
    const HandlerMark mark("while hurrying", std::source_location());
    found = lookAfter(20ms);
  }
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, Kind::turn);
  EXPECT_EQ(found->lasted, 100ms);
  EXPECT_STREQ(found->what, "while hurrying");
}

TEST_F(FindingStalls, theInnermostHandlerIsNamedAndTheOuterOneWhenThatHasReturned) {
  marks.turnBegins();
  const SlowestProtocol protocol;
  const SlowProtocol& asSeen = protocol;
  const HandlerMark outer("while handling a timed call", std::source_location::current());
  {
    const HandlerMark inner("pauseProducing", asSeen);
    EXPECT_FALSE(lookAfter(0ms));
    const auto found = lookAfter(100ms);
    ASSERT_TRUE(found);
    EXPECT_STREQ(found->what, "pauseProducing");
    ASSERT_TRUE(found->object);
    EXPECT_EQ(*found->object, typeid(SlowestProtocol));
    EXPECT_EQ(found->where.line(), 0u);
  }
  EXPECT_FALSE(lookAfter(10ms));
  const auto found = lookAfter(100ms);
  ASSERT_TRUE(found);
  EXPECT_STREQ(found->what, "while handling a timed call");
  EXPECT_FALSE(found->object);
  EXPECT_NE(found->where.line(), 0u);
}

TEST_F(FindingStalls, eachKindIsASentenceThatNamesTheHandler) {
  const auto here = std::source_location::current();
  const std::string place = std::string(here.file_name()) + ":" + std::to_string(here.line());
  const struct {
    Stall stall;
    std::string sentence;
  } cases[] = {
      {{Kind::handler, 1500ms, "while handling a timed call", nullptr, here},
       "A handler has held the reactor for 1.5 s and has not returned: while handling a timed "
       "call, asked for at " +
           place + "."},
      {{Kind::handler, 100ms, "dataReceived", &typeid(int), {}},
       "A handler has held the reactor for 0.1 s and has not returned: dataReceived of int."},
      {{Kind::turn, 2s, "while busy", nullptr, {}},
       "A turn of the reactor has lasted 2 s and has not ended; many handlers have been called in "
       "it, at present: while busy."},
      {{Kind::over, 3s, "while busy", nullptr, {}},
       "The reactor goes on after 3 s; what held it was: while busy."},
  };
  for (const auto& each : cases) EXPECT_EQ(each.stall.toString(), each.sentence);
}

/// Handlers that do not return before their stall has been reported.
class ReportedStalls : public ReactorTest {
 protected:
  void report() {
    reactor.reportStalls(1ms, [this](const Stall& stall) {
      const std::lock_guard lock(mutex);
      if (stall.kind == Kind::handler && !released) reported = stall;
      if (stall.kind == Kind::over && released) ended = stall;
      changed.notify_all();
    });
  }
  /// What a handler does that is stuck: it waits until somebody says so.
  void holdTheReactor() {
    std::unique_lock lock(mutex);
    reported.reset();
    if (!changed.wait_for(lock, 20s, [this] { return reported.has_value(); }))
      ADD_FAILURE() << "nobody reported the stall";
    released = true;
  }
  void untilItsEndIsReported() {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, 20s, [this] { return ended.has_value(); }))
      ADD_FAILURE() << "nobody reported the end of the stall";
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Stall> reported;
  std::optional<Stall> ended;
  bool released = false;
};

TEST_F(ReportedStalls, nameTheHandlerWhileItLastsAndTellItsEnd) {
  report();
  static_cast<void>(reactor.callLater(0ms, [this] { holdTheReactor(); }));
  const unsigned line = std::source_location::current().line() - 1;
  static_cast<void>(
      reactor.callLater(0ms, [this] { reactor.callLater(0ms, [this] { reactor.stop(); }); }));
  run();
  untilItsEndIsReported();
  reactor.ignoreStalls();
  ASSERT_TRUE(reported);
  EXPECT_STREQ(reported->what, "while handling a timed call");
  EXPECT_EQ(reported->where.line(), line);
  EXPECT_NE(std::string(reported->where.file_name()).find("stall_test"), std::string::npos);
  EXPECT_GE(reported->lasted, 1ms);
  EXPECT_GE(ended->lasted, reported->lasted);
}

TEST_F(ReportedStalls, areOfEveryStepOfTheTurn) {
  class Hook final : public AfterTurn {
   public:
    explicit Hook(std::function<void()> does) : does_(std::move(does)) {}
    void afterTurn() override { does_(); }

   private:
    std::function<void()> does_;
  };
  struct Case {
    const char* what;
    bool asked;  // is there a place that asked for it?
    std::function<void(std::function<void()>)> doIt;
  };
  std::unique_ptr<Hook> hook;
  std::optional<Reactor> other;
  const Case cases[] = {
      {"while handling a call of callWhenRunning", true,
       [&](auto hold) { other->callWhenRunning(hold); }},
      {"while handling a call from a thread", true,
       [&](auto hold) { other->callFromThread(hold); }},
      {"while handling a call from a thread", true,
       [&](auto hold) {
         auto [deferred, resolver] = makeDeferred<void>();
         other->remote(std::move(resolver)).callback();
         std::move(deferred).addCallback(hold).addErrback(logging::err);
       }},
      {"while handling a timed call", true, [&](auto hold) { other->callLater(0ms, hold); }},
      {"at the end of a turn", false,
       [&](auto hold) {
         hook = std::make_unique<Hook>(hold);
         other->afterTurn(*hook);
       }},
      {"in a trigger before the shutdown", false,
       [&](auto hold) { other->addSystemEventTrigger(Phase::before, hold); }},
      {"in a trigger after the shutdown", false,
       [&](auto hold) { other->addSystemEventTrigger(Phase::after, hold); }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    released = false;
    other.emplace();
    // On a busy machine what comes before may be reported, too.
    other->reportStalls(1ms, [this, &each](const Stall& stall) {
      const std::lock_guard lock(mutex);
      if (stall.kind != Kind::over && std::string_view(stall.what) == each.what) reported = stall;
      changed.notify_all();
    });
    each.doIt([this] { holdTheReactor(); });
    other->callLater(0ms, [&] { other->callLater(0ms, [&] { other->stop(); }); });
    other->run();
    other->ignoreStalls();
    EXPECT_TRUE(released);
    ASSERT_TRUE(reported);
    EXPECT_EQ(reported->where.line() != 0, each.asked);
  }
  hook.reset();
}

TEST_F(ReportedStalls, areLoggedAsWarningsUnlessSomebodyWantsThem) {
  LogCapture log;
  const logging::Observation telling = logging::addObserver([this](const logging::Event& event) {
    const std::lock_guard lock(mutex);
    if (event.level != logging::Level::warn || !event.message.starts_with("A handler")) return;
    reported.emplace();
    changed.notify_all();
  });
  reactor.reportStalls(1ms);
  static_cast<void>(reactor.callLater(0ms, [this] {
    holdTheReactor();
    reactor.stop();
  }));
  run();
  reactor.ignoreStalls();
  EXPECT_GE(log.count("A handler has held the reactor for"), 1u);
  EXPECT_GE(log.count("stall_test.cpp"), 1u);
}

TEST_F(ReportedStalls, mayBeReportedByAFunctionThatThrows) {
  LogCapture log;
  reactor.reportStalls(1ms, [this](const Stall& stall) {
    {
      const std::lock_guard lock(mutex);
      reported = stall;
      changed.notify_all();
    }
    throw std::runtime_error("clumsy");
  });
  static_cast<void>(reactor.callLater(0ms, [this] {
    holdTheReactor();
    reactor.stop();
  }));
  run();
  reactor.ignoreStalls();
  EXPECT_GE(log.count("clumsy"), 1u);
}

TEST_F(ReportedStalls, canBeIgnoredAgainAndAreNotWatchedUnlessAskedFor) {
  EXPECT_THROW(reactor.reportStalls(0ms), std::invalid_argument);
  EXPECT_THROW(reactor.reportStalls(1ms, nullptr), std::invalid_argument);
  reactor.ignoreStalls();
  reactor.reportStalls(1ms, [](const Stall&) { ADD_FAILURE() << "of another turn"; });
  reactor.ignoreStalls();
  reactor.iterate();
  EXPECT_EQ(detail::handlerMarks, nullptr);
}

TEST_F(ReportedStalls, mayBeAskedForAndIgnoredInsideAHandler) {
  static_cast<void>(reactor.callLater(0ms, [this] {
    report();
    static_cast<void>(reactor.callLater(0ms, [this] {
      holdTheReactor();
      reactor.ignoreStalls();
      reactor.stop();
    }));
  }));
  run();
  EXPECT_TRUE(released);
}

}  // namespace
}  // namespace hawser::tests
