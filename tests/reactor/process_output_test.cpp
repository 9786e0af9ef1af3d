#include "reactor/process_fixture.h"

#include <hawser/defer/timeout.h>
#include <hawser/reactor/process_output.h>
#include <hawser/reactor/signal_handler.h>

#include <signal.h>
#include <unistd.h>

namespace hawser::tests {
namespace {

class ProcessOutputs : public ProcessTest {
 protected:
  template <class T>
  Result<T> resultOf(Deferred<T> deferred) {
    std::optional<Result<T>> result;
    std::move(deferred).addBoth([&](Result<T> got) {
      result.emplace(std::move(got));
      if (reactor->running()) reactor->stop();
    });
    if (!result) run();
    return std::move(*result);
  }
  Deferred<std::string> output(std::string script, ProcessOutputOptions options = {}) {
    return getProcessOutput(*reactor, "sh", {"-c", std::move(script)}, std::move(options));
  }
};
HAWSER_ON_EVERY_BACKEND(ProcessOutputs);

TEST_P(ProcessOutputs, areWhatItWroteWhateverItsExitCode) {
  EXPECT_EQ(resultOf(output("echo x; exit 3")).value(), "x\n");
}

TEST_P(ProcessOutputs, mayBeNothing) { EXPECT_EQ(resultOf(output("true")).value(), ""); }

TEST_P(ProcessOutputs, includeTheErrorsIfAskedTo) {
  EXPECT_EQ(resultOf(output("echo e >&2", {.errortoo = true})).value(), "e\n");
}

TEST_P(ProcessOutputs, failIfThereAreErrors) {
  const auto result = resultOf(output("echo e >&2; trap '' PIPE; exec sleep 100"));
  EXPECT_EQ(result.failure().get<ProcessErrorOutput>()->text(), "e\n");
}

TEST_P(ProcessOutputs, failIfTheyAreLongerThanAllowed) {
  const auto result = resultOf(output("cat /dev/zero", {.maxBytes = 100'000}));
  EXPECT_EQ(result.failure().get<ProcessOutputTooLong>()->limit(), 100'000u);
}

TEST_P(ProcessOutputs, mayBeJustAsLongAsAllowed) {
  EXPECT_EQ(resultOf(output("head -c 1000 /dev/zero", {.maxBytes = 1000})).value().size(), 1000u);
}

TEST_P(ProcessOutputs, failIfASignalEndsIt) {
  const auto result = resultOf(output("echo begun; kill -SEGV $$"));
  EXPECT_EQ(result.failure().get<ProcessTerminated>()->signal(), SIGSEGV);
  EXPECT_EQ(result.failure().get<ProcessOutputCut>()->out(), "begun\n");
}

TEST_P(ProcessOutputs, failIfItIsNotThere) {
  const auto result = resultOf(getProcessOutput(*reactor, "hawser-no-such-program"));
  EXPECT_EQ(result.failure().get<ProcessStartError>()->osError(), ENOENT);
}

TEST_P(ProcessOutputs, comeFromWhatItWasGivenToRead) {
  const std::string much(300'000, 's');
  EXPECT_EQ(resultOf(output("cat", {.stdinBytes = much})).value(), much);
}

TEST_P(ProcessOutputs, areNotHeldUpByAnInputThatIsNotRead) {
  EXPECT_EQ(resultOf(output("echo x", {.stdinBytes = std::string(300'000, 's')})).value(), "x\n");
}

TEST_P(ProcessOutputs, haveTheEnvironmentAndDirectoryThatWereGiven) {
  EXPECT_EQ(
      resultOf(output("echo $A $(pwd)", {.env = std::vector<std::string>{"A=b"}, .path = "/usr"}))
          .value(),
      "b /usr\n");
}

TEST_P(ProcessOutputs, ofTheValueOnlyAreTheExitCode) {
  EXPECT_EQ(resultOf(getProcessValue(*reactor, "sh", {"-c", "echo ignored; exit 9"})).value(), 9);
}

TEST_P(ProcessOutputs, ofTheValueFailIfASignalEndsIt) {
  const auto result = resultOf(getProcessValue(*reactor, "sh", {"-c", "kill -9 $$"}));
  EXPECT_EQ(result.failure().get<ProcessTerminated>()->signal(), SIGKILL);
}

TEST_P(ProcessOutputs, andTheValueComeTogether) {
  const ProcessOutput all =
      resultOf(getProcessOutputAndValue(*reactor, "sh", {"-c", "echo o; echo e >&2; exit 2"}))
          .value();
  EXPECT_EQ(all.out, "o\n");
  EXPECT_EQ(all.err, "e\n");
  EXPECT_EQ(all.code, 2);
}

TEST_P(ProcessOutputs, thatAreCancelledLeaveNoProcess) {
  auto waiting = output("exec sleep 100");
  waiting.addBoth([&](Result<std::string> result) {
    EXPECT_FALSE(hasChildren());
    reactor->stop();
    return result;
  });
  reactor->callWhenRunning([&] { waiting.cancel(); });
  run();
  EXPECT_TRUE(resultOf(std::move(waiting)).failure().check<CancelledError>());
}

TEST_P(ProcessOutputs, thatAreCancelledTwiceEndAtOnce) {
  auto waiting = output("trap '' TERM; exec sleep 20");
  waiting.cancel();
  waiting.cancel();
  EXPECT_TRUE(resultOf(std::move(waiting)).failure().check<CancelledError>());
  // It was killed; the reactor learns that when it has a turn.
  while (hasChildren()) reactor->iterate(1s);
}

TEST_P(ProcessOutputs, ofWhatIgnoresToBeTerminatedEndByAKill) {
  bool trapIsSet = false;
  const SignalHandler told(*reactor, SIGUSR1, [&](int) { trapIsSet = true; });
  auto waiting = getProcessValue(
      *reactor, "sh", {"-c", "trap '' TERM; kill -USR1 $PPID; exec sleep 20"}, {.killAfter = 20ms});
  while (!trapIsSet) reactor->iterate(1s);
  const auto start = reactor->now();
  waiting.cancel();
  EXPECT_TRUE(resultOf(std::move(waiting)).failure().check<CancelledError>());
  EXPECT_GE(reactor->now() - start, 20ms);
}

TEST_P(ProcessOutputs, thatTakeTooLongLeaveNoProcess) {
  const auto result = resultOf(output("exec sleep 100").addTimeout(10ms, *reactor));
  EXPECT_TRUE(result.failure().check<TimeoutError>());
  EXPECT_FALSE(hasChildren());
}

TEST_P(ProcessOutputs, thatNobodyWantsAnyMoreDoNoHarm) {
  static_cast<void>(output("echo x"));
  EXPECT_EQ(resultOf(output("echo y")).value(), "y\n");
}

Deferred<std::string> byCoroutine(Reactor& reactor) {
  // g++ 12 cannot do with a list in braces within co_await.
  auto first = getProcessOutput(reactor, "echo", {"one"});
  auto second = getProcessOutput(reactor, "echo", {"two"});
  co_return co_await std::move(first) + co_await std::move(second);
}

TEST_P(ProcessOutputs, areAwaitedByCoroutines) {
  EXPECT_EQ(resultOf(byCoroutine(*reactor)).value(), "one\ntwo\n");
}

}  // namespace
}  // namespace hawser::tests
