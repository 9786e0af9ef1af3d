#pragma once

#include "torture/fault.h"

#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/errors.h>
#include <hawser/reactor/reactor.h>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace hawser::torture {

using namespace std::chrono_literals;

/// The open descriptors of this process, and what they are.
std::vector<std::string> openDescriptors();

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

/// A folder for the sockets and files of a scenario.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const char* name) const { return (path_ / name).string(); }
  /// The names of those that are in it, in no order.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path path_;
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

/// Makes a program on a reactor and runs it, unless the kernel gives what a reactor needs.
template <class Make>
void runProgram(Make make) {
  decltype(make()) program;
  try {
    program = make();
  } catch (const ReactorNotAvailable& refused) {
    EXPECT_STRNE(refused.what(), "");
    return;
  } catch (const std::system_error& error) {
    EXPECT_NE(error.code().value(), 0);
    return;
  }
  program->run();
}

/// A failure has a type that its users can expect where they are told of one.
void expectTyped(const Failure& failure);

/// Each backend with each call that may fail.
struct Case {
  const char* backend;
  Failing failing;
};
void PrintTo(const Case& each, std::ostream* stream);
std::vector<Case> allCases();
/// Those of some calls.
std::vector<Case> casesOf(std::initializer_list<std::string_view> calls);
std::string nameOf(const ::testing::TestParamInfo<Case>& info);

}  // namespace hawser::torture
