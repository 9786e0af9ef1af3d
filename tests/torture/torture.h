#pragma once

#include "torture/fault.h"

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/reactor.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace hawser::torture {

using namespace std::chrono_literals;

/// Runs `scenario` again and again, with each call of this kind failing in turn: the first, the
/// second, ..., until it makes no more of them. It checks itself what must hold; checked here is
/// that no descriptor is left.
/// @returns how many failed
int walk(const Failing& failing, const std::function<void()>& scenario);

/// What is logged while it lives, kept from standard error.
class QuietLog {
 public:
  std::string text;

 private:
  logging::Observation silence_ = logging::silenceStderr();
  logging::Observation observation_ = logging::addObserver([this](const logging::Event& event) {
    text += event.message;
    if (event.failure) text += ": " + event.failure->getErrorMessage();
    text += '\n';
  });
};

/// A Reactor on a backend, which ends in time.
class Watched {
 public:
  /// @throws what makeBackend throws
  explicit Watched(const char* backend);
  /// Runs it until it is stopped; a scenario that does not come to its end is a failure.
  /// @returns whether it ran to the end; if not, the kernel would not wait, and said so
  bool run();

  Reactor reactor;
};

/// A failure has a type that its users can expect where they are told of one.
void expectTyped(const Failure& failure);

/// Each backend with each call that may fail.
struct Case {
  const char* backend;
  Failing failing;
};
void PrintTo(const Case& each, std::ostream* stream);
std::vector<Case> allCases();
std::string nameOf(const ::testing::TestParamInfo<Case>& info);

}  // namespace hawser::torture
