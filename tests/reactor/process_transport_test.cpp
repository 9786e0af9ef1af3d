#include "reactor/process_fixture.h"

#include <signal.h>

namespace hawser::tests {
namespace {

class ProcessPipes : public ProcessTest {};
HAWSER_ON_EVERY_BACKEND(ProcessPipes);

TEST_P(ProcessPipes, carryMoreThanAPipeHoldsInBothDirections) {
  const std::string much(3'000'000, 'm');
  const auto seen = watcher();
  seen->onMade = [&] {
    seen->transport().write(much);
    seen->transport().closeStdin();
    EXPECT_EQ(seen->transport().queuedBytes(), much.size());
  };
  spawnProcess(*reactor, seen, "cat");
  run();
  EXPECT_EQ(seen->out, much);
}

TEST_P(ProcessPipes, ofAProcessThatDoesNotReadAreNoEndOfTheProgram) {
  const auto seen = watcher();
  seen->onMade = [&] { seen->transport().write(std::string(1'000'000, 'x')); };
  seen->onLost = [&](int childFD) {
    if (childFD == 0) seen->transport().write("more");  // is lost as well
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "exec <&-; echo closed"});
  run();
  EXPECT_EQ(seen->out, "closed\n");
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

TEST_P(ProcessPipes, tellOfAProcessThatClosesItsInputThoughNobodyWrites) {
  const auto seen = watcher();
  seen->onLost = [&](int childFD) {
    if (childFD == 0) seen->transport().signalProcess(SIGTERM);
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "exec sleep 100 <&-"});
  run();
  EXPECT_EQ(seen->events[1], "lost 0");
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), SIGTERM);
}

TEST_P(ProcessPipes, whichExceedTheCapAreClosedWithALineInTheLog) {
  LogCapture log;
  const auto seen = watcher();
  seen->onMade = [&] {
    seen->transport().write(std::string(60'000, 'x'));
    seen->transport().write(std::string(60'000, 'x'));
    EXPECT_EQ(seen->transport().queuedBytes(), 0u);
  };
  spawnProcess(*reactor, seen, "cat", {}, {.limits = {.hardCap = 100'000}});
  run();
  EXPECT_EQ(log.count("more than 100000 bytes waited for descriptor 0"), 1u);
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

TEST_P(ProcessPipes, thatAreFloodedHoldTheOthersUpNoMore) {
  // A gigabyte would come from 1 by itself; the process is ended by what comes from 2.
  const auto seen = watcher();
  std::size_t flood = 0;
  seen->onData = [&](int childFD, std::string_view bytes) {
    seen->out.clear();
    if (childFD == 1) flood += bytes.size();
    if (childFD == 1 && flood > 4'000'000) seen->transport().closeStdin();
    if (childFD == 2) seen->transport().closeStdout();
  };
  spawnProcess(
      *reactor, seen, "sh",
      {"sh", "-c", "cat /dev/zero 3<&0 & exec 3<&0; cat <&3 >/dev/null; echo now >&2; wait"});
  run();
  EXPECT_EQ(seen->err, "now\n");
}

TEST_P(ProcessPipes, thatArePausedHoldTheProcessBack) {
  const auto seen = watcher();
  std::size_t whilePaused = 0;
  bool paused = false;
  seen->onMade = [&] {
    paused = true;
    seen->transport().pauseProducing(1);
  };
  seen->onData = [&](int childFD, std::string_view bytes) {
    if (childFD == 1 && paused) whilePaused += bytes.size();
    if (childFD != 2) return;
    EXPECT_FALSE(seen->exited);
    paused = false;
    seen->transport().resumeProducing(1);
  };
  spawnProcess(*reactor, seen, "sh",
               {"sh", "-c", "echo first; echo told >&2; head -c 1000000 /dev/zero"});
  run();
  EXPECT_EQ(whilePaused, 0u);
  EXPECT_EQ(seen->out.size(), 1'000'006u);
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

TEST_P(ProcessPipes, thatArePausedAllTogetherAreResumedAllTogether) {
  const auto seen = watcher();
  seen->onMade = [&] { seen->transport().pauseProducing(); };
  seen->onExited = [&] {
    EXPECT_EQ(seen->out + seen->err, "");
    seen->transport().resumeProducing();
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "echo out; echo err >&2"});
  run();
  EXPECT_EQ(seen->out, "out\n");
  EXPECT_EQ(seen->err, "err\n");
}

TEST_P(ProcessPipes, fromTheProcessCanBeClosedWhileItWrites) {
  const auto seen = watcher();
  seen->onData = [&](int, std::string_view) { seen->transport().closeStdout(); };
  spawnProcess(*reactor, seen, "cat", {"cat", "/dev/zero"});
  run();
  EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), SIGPIPE);
}

TEST_P(ProcessPipes, areAllClosedByLoseConnectionWhenAllIsWritten) {
  const auto seen = watcher();
  const std::string much(500'000, 'x');
  seen->onMade = [&] {
    seen->transport().write(much);
    seen->transport().loseConnection();
    seen->transport().write("too late");
  };
  spawnProcess(*reactor, seen, "sh", {"sh", "-c", "test $(wc -c) = 500000"});
  run();
  EXPECT_TRUE(seen->ended->check<ProcessDone>());
}

/// Writes letters until it has written enough.
class Letters final : public Producer {
 public:
  Letters(ProcessTransport& to, std::size_t left) : to_(to), left_(left) {}
  void pauseProducing() override { ++pauses; }
  void resumeProducing() override {
    const std::size_t piece = std::min<std::size_t>(left_, 50'000);
    left_ -= piece;
    to_.write(std::string(piece, 'p'));
    if (left_ == 0) to_.unregisterProducer();
  }
  void stopProducing() override { stopped = true; }
  int pauses = 0;
  bool stopped = false;

 private:
  ProcessTransport& to_;
  std::size_t left_;
};

TEST_P(ProcessPipes, pullFromAProducerAndCloseWhenItHasFinished) {
  const auto seen = watcher();
  std::shared_ptr<Letters> letters;
  seen->onMade = [&] {
    letters = std::make_shared<Letters>(seen->transport(), 1'000'000);
    seen->transport().registerProducer(letters, false);
    EXPECT_THROW(seen->transport().registerProducer(letters, false), std::logic_error);
    seen->transport().closeStdin();
  };
  spawnProcess(*reactor, seen, "cat");
  run();
  EXPECT_EQ(seen->out, std::string(1'000'000, 'p'));
  EXPECT_FALSE(letters->stopped);
}

TEST_P(ProcessPipes, pauseAStreamingProducerAtTheHighWaterMark) {
  const auto seen = watcher();
  std::shared_ptr<Letters> letters;
  seen->onMade = [&] {
    letters = std::make_shared<Letters>(seen->transport(), 150'000);
    seen->transport().registerProducer(letters, true);
    letters->resumeProducing();
    EXPECT_EQ(letters->pauses, 0);
    letters->resumeProducing();
    EXPECT_EQ(letters->pauses, 1);
    seen->transport().closeStdin();
  };
  spawnProcess(*reactor, seen, "cat");
  run();
  EXPECT_EQ(seen->out.size(), 150'000u);
}

TEST_P(ProcessPipes, stopTheProducerOfAProcessThatIsGone) {
  const auto seen = watcher();
  std::shared_ptr<Letters> letters;
  seen->onMade = [&] {
    letters = std::make_shared<Letters>(seen->transport(), 1'000'000'000);
    seen->transport().registerProducer(letters, false);
  };
  spawnProcess(*reactor, seen, "head", {"head", "-c", "10"});
  run();
  EXPECT_TRUE(letters->stopped);
  const auto late = std::make_shared<Letters>(seen->transport(), 1);
  seen->transport().registerProducer(late, true);
  EXPECT_TRUE(late->stopped);
}

TEST_P(ProcessPipes, thatWereNeverMadeAreRefused) {
  const auto seen = watcher();
  seen->onMade = [&] {
    ProcessTransport& transport = seen->transport();
    EXPECT_THROW(transport.writeToChild(1, "x"), std::invalid_argument);
    EXPECT_THROW(transport.writeToChild(7, "x"), std::invalid_argument);
    EXPECT_THROW(transport.closeChildFD(7), std::invalid_argument);
    EXPECT_THROW(transport.pauseProducing(0), std::invalid_argument);
    EXPECT_THROW(transport.signalProcess("HUPP"), std::invalid_argument);
    EXPECT_THROW(transport.signalProcess(1000), std::invalid_argument);
    transport.closeStdin();
  };
  spawnProcess(*reactor, seen, "cat");
  run();
}

struct NamedSignal {
  const char* name;
  int number;
};
TEST_P(ProcessPipes, signalsAreSentByNameAndByNumber) {
  for (const NamedSignal& signal :
       {NamedSignal{"HUP", SIGHUP}, {"SIGTERM", SIGTERM}, {"USR1", SIGUSR1}, {"KILL", SIGKILL}}) {
    Reactor own(GetParam().make());
    const auto seen = std::make_shared<Watcher>();
    seen->onEnded = [&] { own.stop(); };
    spawnProcess(own, seen, "cat")->signalProcess(signal.name);
    own.run();
    EXPECT_EQ(seen->ended->get<ProcessTerminated>()->signal(), signal.number) << signal.name;
  }
}

}  // namespace
}  // namespace hawser::tests
