#include "torture/memory.h"

#include <hawser/base/logging.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/process.h>
#include <hawser/reactor/process_output.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/signal_handler.h>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::torture {
namespace {

using namespace std::chrono_literals;

void expectNoChild() {
  siginfo_t info{};
  EXPECT_FALSE(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD);
}

/// Turns until `done`; some of them may lack memory.
void runUntil(Reactor& reactor, const bool& done) {
  const auto end = reactor.now() + 10s;
  while (!done && reactor.now() < end) {
    try {
      reactor.iterate(1s);
    } catch (const std::bad_alloc&) {
      continue;
    }
  }
  const EnoughMemory enough;
  EXPECT_TRUE(done) << "it hangs";
}

void expectMemory(const Failure& why) {
  const EnoughMemory enough;
  EXPECT_TRUE((why.check<std::bad_alloc, CancelledError, AbandonedError, ProcessOutputCut>()))
      << why.typeName() << ": " << why.getErrorMessage();
}

/// Each must be told of its end, once.
class Child final : public ProcessProtocol {
 public:
  explicit Child(bool& ended) : ended_(ended) {}
  ~Child() override { EXPECT_TRUE(!made_ || ended_); }
  void connectionMade() override {
    made_ = true;
    transport().write("some words");
    transport().closeStdin();
  }
  void processEnded(const Failure& reason) override {
    const EnoughMemory enough;
    EXPECT_FALSE(ended_);
    EXPECT_TRUE((reason.check<ProcessDone, ProcessTerminated, std::bad_alloc>()));
    ended_ = true;
  }

 private:
  bool made_ = false;
  bool& ended_;
};

void spawn(const char* backend, bool terminal) {
  bool ended = false;
  {
    Reactor reactor(makeBackend(backend));
    spawnProcess(reactor, std::make_shared<Child>(ended), "/bin/echo", {"echo", "x"},
                 {.env = std::vector<std::string>{"A=b"}, .usePTY = terminal});
    runUntil(reactor, ended);
  }
  expectNoChild();
}

void collect(const char* backend, bool cancelled) {
  bool ended = false;
  {
    Reactor reactor(makeBackend(backend));
    auto output = getProcessOutputAndValue(reactor, "/bin/cat", {}, {.stdinBytes = "some words"});
    if (cancelled) output.cancel();
    std::move(output)
        .addBoth([&](const Result<ProcessOutput>& result) {
          ended = true;
          if (!result) return expectMemory(result.failure());
          EXPECT_EQ(result->out, "some words");
        })
        .addErrback(logging::err);
    runUntil(reactor, ended);
  }
  expectNoChild();
}

struct Scenario {
  const char* name;
  void (*run)(const char* backend);
};
void PrintTo(const Scenario& scenario, std::ostream* stream) { *stream << scenario.name; }

const Scenario scenarios[] = {
    {"spawnProcess", [](const char* backend) { spawn(backend, false); }},
    {"usePTY", [](const char* backend) { spawn(backend, true); }},
    {"getProcessOutputAndValue", [](const char* backend) { collect(backend, false); }},
    {"cancel", [](const char* backend) { collect(backend, true); }},
    {"nextSignal",
     [](const char* backend) {
       bool came = false;
       Reactor reactor(makeBackend(backend));
       const SignalHandler handler(reactor, SIGUSR1, [&](int) { came = true; });
       auto waiting =
           nextSignal(reactor, SIGUSR1).addErrback([](const AbandonedError&) { return 0; });
       ::raise(SIGUSR1);
       runUntil(reactor, came);
     }},
};

class NoMemoryForProcesses : public ::testing::TestWithParam<Scenario> {};

TEST_P(NoMemoryForProcesses, isABadAllocOrAFailureThatHoldsOne) {
  RecordProperty("failed", walkMemory([] { GetParam().run("epoll"); }));
}

INSTANTIATE_TEST_SUITE_P(, NoMemoryForProcesses, ::testing::ValuesIn(scenarios),
                         [](const auto& scenario) { return std::string(scenario.param.name); });

}  // namespace
}  // namespace hawser::torture
