#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

namespace hawser::tests {
namespace {

/// Sends signals to the thread that makes it, without a pause, while it lives.
class Storm {
 public:
  explicit Storm(std::vector<int> signals)
      : victim_(::pthread_self()), thread_([this, signals = std::move(signals)] {
          while (!over_) {
            for (const int signal : signals) ::pthread_kill(victim_, signal);
            ++sent_;
          }
        }) {}
  ~Storm() {
    over_ = true;
    thread_.join();
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;
  int sent() const noexcept { return sent_; }

 private:
  ::pthread_t victim_;
  std::atomic<bool> over_{false};
  std::atomic<int> sent_{0};
  std::thread thread_;
};

/// A handler that does nothing, and interrupts what system calls it can, while it lives.
class Interrupting {
 public:
  explicit Interrupting(int signal) : signal_(signal) {
    struct sigaction action{};
    action.sa_handler = [](int) { ++caught; };
    EXPECT_EQ(::sigaction(signal_, &action, &before_), 0);
  }
  ~Interrupting() { EXPECT_EQ(::sigaction(signal_, &before_, nullptr), 0); }
  Interrupting(const Interrupting&) = delete;
  Interrupting& operator=(const Interrupting&) = delete;

  static inline std::atomic<int> caught{0};

 private:
  int signal_;
  struct sigaction before_{};
};

class SignalStorm : public BackendTest {};

TEST_P(SignalStorm, interruptsEverySystemCallAndLosesNothing) {
  const Interrupting interrupting(SIGUSR1);
  Interrupting::caught = 0;
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  ChannelPtr listener = listening();
  Accepted accepted;
  listener->accept(accepted);
  const std::string text(300'000, 'x');
  {
    const Storm storm({SIGUSR1});
    for (int round = 0; round < 20; ++round) {
      ConnectOutcome outcome;
      ChannelPtr connecting = backend->open(AF_INET, SOCK_STREAM, 0);
      connecting->connect(listener->localAddress(), outcome);
      turnUntil([&] { return outcome.known() && accepted.channels.size() == 1u; });
      EXPECT_TRUE(outcome.succeeded);
      Received arriving;
      connecting->receive(arriving);
      sendAll(*accepted.channels[0], "hello");
      turnUntil([&] { return arriving.text == "hello"; });
      accepted.channels.clear();
      turnUntil([&] { return arriving.ended.has_value(); });
    }
    SendQueue data;
    data.append(text);
    SendOutcome outcome;
    const bool atOnce = channel->send(data, outcome);
    std::thread reader([&, &other = peer] { EXPECT_EQ(readFrom(other, text.size()), text); });
    turnUntil([&] { return atOnce || outcome.complete(); });
    reader.join();
    turnUntil([&] { return storm.sent() > 1000; });
  }
  EXPECT_GT(Interrupting::caught, 0);
  EXPECT_TRUE(accepted.errors.empty());
  EXPECT_FALSE(received.ended);
}

HAWSER_ON_EVERY_BACKEND(SignalStorm);

class SignalStorms : public ReactorTest {};

TEST_F(SignalStorms, ofSigintAndSigtermStopTheReactorOnceAndInOrder) {
  // What is still under way when the reactor has given the signals back is caught here.
  const Interrupting interrupt(SIGINT);
  const Interrupting terminate(SIGTERM);
  LogCapture log;
  std::string phases;
  reactor.addSystemEventTrigger(Phase::before, [&] { phases += "before "; });
  reactor.addSystemEventTrigger(Phase::during, [&] { phases += "during "; });
  reactor.addSystemEventTrigger(Phase::after, [&] { phases += "after"; });
  {
    const Storm storm({SIGINT, SIGTERM});
    run();
  }
  EXPECT_TRUE(reactor.exitSignal() == SIGINT || reactor.exitSignal() == SIGTERM);
  EXPECT_EQ(phases, "before during after");
  EXPECT_EQ(log.count("shutting down."), 1u);
  EXPECT_LE(log.count("not waiting any longer"), 1u);
}

TEST_F(SignalStorms, doNotKeepTheReactorFromItsWork) {
  const Interrupting child(SIGCHLD);
  Interrupting::caught = 0;
  int timers = 0;
  std::atomic<int> calls = 0;
  std::function<void()> tick = [&] {
    if (++timers < 50) static_cast<void>(reactor.callLater(1ms, tick));
  };
  std::function<void()> call = [&] {
    if (++calls < 1000) return reactor.callFromThread(call);
    reactor.callLater(0ms, [&] {
      if (timers < 50) return reactor.callFromThread(call);
      reactor.stop();
    });
  };
  static_cast<void>(reactor.callLater(0ms, tick));
  reactor.callFromThread(call);
  const Storm storm({SIGCHLD});
  run();
  EXPECT_EQ(timers, 50);
  EXPECT_GE(calls, 1000);
}

}  // namespace
}  // namespace hawser::tests
