#pragma once

#include "reactor/backend_support.h"
#include "reactor/support.h"

#include <hawser/reactor/process.h>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::tests {

inline std::ptrdiff_t openDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// Whether this program has a child, dead or alive.
inline bool hasChildren() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/// Writes down all that is told about a process.
class Watcher : public ProcessProtocol {
 public:
  std::vector<std::string> events;
  std::string out;
  std::string err;
  std::optional<Failure> exited;
  std::optional<Failure> ended;
  std::function<void()> onMade = [] {};
  std::function<void(int, std::string_view)> onData = [](int, std::string_view) {};
  std::function<void(int)> onLost = [](int) {};
  std::function<void()> onExited = [] {};
  std::function<void()> onEnded = [] {};

  void connectionMade() override {
    events.emplace_back("made");
    onMade();
  }
  void childDataReceived(int childFD, std::string_view bytes) override {
    ProcessProtocol::childDataReceived(childFD, bytes);
    onData(childFD, bytes);
  }
  void outReceived(std::string_view bytes) override { out += bytes; }
  void errReceived(std::string_view bytes) override { err += bytes; }
  void childConnectionLost(int childFD) override {
    events.push_back("lost " + std::to_string(childFD));
    ProcessProtocol::childConnectionLost(childFD);
    onLost(childFD);
  }
  void processExited(const Failure& reason) override {
    events.emplace_back("exited");
    exited = reason;
    onExited();
  }
  void processEnded(const Failure& reason) override {
    events.emplace_back("ended");
    ended = reason;
    onEnded();
  }

  bool saw(std::string_view event) const {
    return std::ranges::find(events, event) != events.end();
  }
};

/// Real children on every backend. Afterwards no child is left, and no descriptor.
class ProcessTest : public ::testing::TestWithParam<BackendMaker> {
 protected:
  std::optional<Reactor> reactor;

  void SetUp() override {
    before_ = openDescriptors();
    try {
      reactor.emplace(GetParam().make());
    } catch (const ReactorNotAvailable& refused) {
      GTEST_SKIP() << refused.what();
    }
  }
  void TearDown() override {
    if (!reactor) return;
    reactor.reset();
    EXPECT_FALSE(hasChildren());
    EXPECT_EQ(openDescriptors(), before_);
  }

  void run() {
    const DelayedCall watchdog = reactor->callLater(20s, [this] {
      ADD_FAILURE() << "the reactor ran for 20 s";
      reactor->stop();
    });
    reactor->run();
  }

  /// A watcher that stops the reactor when its process has ended.
  std::shared_ptr<Watcher> watcher() {
    auto made = std::make_shared<Watcher>();
    made->onEnded = [this] { reactor->stop(); };
    return made;
  }

  /// Runs `sh -c script`, and the reactor, until it has ended.
  std::shared_ptr<Watcher> runShell(std::string script, ProcessOptions options = {}) {
    auto made = watcher();
    spawnProcess(*reactor, made, "sh", {"sh", "-c", std::move(script)}, std::move(options));
    run();
    return made;
  }

  /// Processes that were left running are known until they have ended and another is started, or is
  /// not.
  void forgetLeftChildren() {
    Reactor another(GetParam().make());
    EXPECT_THROW(spawnProcess(another, std::make_shared<Watcher>(), "/"), ProcessStartError);
  }

 private:
  std::ptrdiff_t before_ = 0;
};

}  // namespace hawser::tests
