#pragma once

#include <hawser/base/logging.h>
#include <hawser/reactor/reactor.h>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace hawser::tests {

using namespace std::chrono_literals;

/// What is logged while it lives, instead of standard error.
class LogCapture {
 public:
  std::vector<std::string> lines;

  /// How many lines contain `text`.
  std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (const std::string& line : lines)
      if (line.find(text) != std::string::npos) ++found;
    return found;
  }

 private:
  logging::Observation silence_ = logging::silenceStderr();
  logging::Observation observation_ = logging::addObserver([this](const logging::Event& event) {
    std::string line(event.message);
    if (event.failure) line += ": " + event.failure->getErrorMessage();
    lines.push_back(std::move(line));
  });
};

/// A reactor that a broken test cannot hold for ever.
class ReactorTest : public ::testing::Test {
 protected:
  Reactor reactor;

  void run() {
    const DelayedCall watchdog = reactor.callLater(20s, [this] {
      ADD_FAILURE() << "the reactor ran for 20 s";
      reactor.stop();
    });
    reactor.run();
  }
};

}  // namespace hawser::tests
