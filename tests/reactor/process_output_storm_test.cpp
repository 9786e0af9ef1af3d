#include "reactor/process_fixture.h"

#include <hawser/reactor/process_output.h>

#include <random>

namespace hawser::tests {
namespace {

// ThreadSanitizer has each child copy its parent's memory.
#if defined(__SANITIZE_THREAD__)
constexpr bool startingIsSlow = true;
#elif defined(__has_feature)
constexpr bool startingIsSlow = __has_feature(thread_sanitizer);
#else
constexpr bool startingIsSlow = false;
#endif

using ProcessOutputStorm = ProcessTest;
HAWSER_ON_EVERY_BACKEND(ProcessOutputStorm);

// What is started: some end soon, some never, some hear no SIGTERM, some write, some are not there.
Deferred<void> startOne(Reactor& reactor, unsigned kind) {
  const auto forget = [](auto) {};
  ProcessOutputOptions options{.killAfter = 5ms};
  switch (kind) {
    case 0:
      return getProcessOutput(reactor, "true", {}, options).addCallback(forget);
    case 1:
      return getProcessValue(reactor, "sleep", {"100"}, options).addCallback(forget);
    case 2:
      return getProcessOutput(reactor, "cat", {"/dev/zero"}, options).addCallback(forget);
    case 3:
      return getProcessOutputAndValue(reactor, "sh", {"-c", "trap '' TERM; exec sleep 20"}, options)
          .addCallback(forget);
    case 4:
      options.stdinBytes = std::string(100'000, 's');
      return getProcessOutput(reactor, "cat", {}, options).addCallback(forget);
    default:
      return getProcessValue(reactor, "hawser-no-such-program", {}, options).addCallback(forget);
  }
}

TEST_P(ProcessOutputStorm, ofTwoThousandCancelledAtRandomTimesLeavesNoneBehind) {
  const bool fewer = startingIsSlow && GetParam().name != std::string_view("epoll");
  const int all = fewer ? 300 : 2000;
  constexpr int atOnce = 25;
  std::mt19937 random(2026);
  int started = 0, ended = 0, cancelled = 0;
  std::function<void()> next = [&] {
    if (started == all) return;
    ++started;
    auto one = startOne(*reactor, static_cast<unsigned>(random() % 6));
    const CancelHandle handle = one.cancelHandle();
    const bool early = random() % 4 == 0;
    const auto when = std::chrono::microseconds(random() % 5000);
    DelayedCall timer = reactor->callLater(when, [&, handle]() mutable {
      ++cancelled;
      handle.cancel();
    });
    if (early) one.cancel();
    std::move(one).addBoth([&, timer](const Result<void>& result) mutable {
      if (timer.active()) timer.cancel();
      EXPECT_TRUE(
          result ||
          (result.failure().check<CancelledError, ProcessStartError, ProcessOutputTooLong>()));
      reactor->callLater(0s, [&] { next(); });
      if (++ended == all) reactor->stop();
    });
  };
  reactor->callWhenRunning([&] {
    for (int i = 0; i < atOnce; ++i) next();
  });
  const DelayedCall watchdog = reactor->callLater(100s, [this] {
    ADD_FAILURE() << "the reactor ran for 100 s";
    reactor->stop();
  });
  reactor->run();
  EXPECT_EQ(ended, all);
  EXPECT_GT(cancelled, all / 4);
}

}  // namespace
}  // namespace hawser::tests
