#pragma once

#include <hawser/base/logging.h>
#include <hawser/defer/deferred.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser {

/// An error of the tests' own, and one derived from it.
struct Oops : std::runtime_error {
  explicit Oops(const char* what = "oops") : std::runtime_error(what) {}
};
struct WorseOops : Oops {
  WorseOops() : Oops("worse") {}
};

inline std::string textOf(const Failure& failure) {
  const std::string name = failure.typeName();
  return name.substr(name.rfind(':') + 1) + ": " + failure.getErrorMessage();
}

inline std::string textOf(detail::Unit) { return "nothing"; }
inline std::string textOf(int value) { return std::to_string(value); }
inline std::string textOf(const std::string& value) { return value; }
template <class T>
std::string textOf(const std::vector<T>& values);
template <class T>
std::string textOf(const Result<T>& result) {
  return result ? textOf(*result) : "!" + textOf(result.failure());
}
template <class T>
std::string textOf(const std::vector<T>& values) {
  std::string text = "[";
  for (const T& value : values) {
    if (text.size() > 1) text += ", ";
    text += textOf(value);
  }
  return text + "]";
}

/// What a Deferred holds, in words: "pending", "paused", "empty", "5" or "!Oops: oops".
template <class T>
std::string outcome(const Deferred<T>& deferred) {
  switch (deferred.state()) {
    case DeferredState::pending:
      return "pending";
    case DeferredState::paused:
      return "paused";
    case DeferredState::empty:
      return "empty";
    case DeferredState::value:
      return textOf(*deferred.peekValue());
    case DeferredState::failure:
      return "!" + textOf(*deferred.peekFailure());
  }
  return "no state";
}

/// Handles the failure of a Deferred that the test is done with.
template <class T>
void consume(Deferred<T> deferred) {
  std::move(deferred).addErrback([](const Failure&) {});
}

/// Collects what is logged while it lives, and keeps it from standard error.
class LogWatcher {
 public:
  LogWatcher()
      : silence_(logging::silenceStderr()),
        observation_(logging::addObserver([this](const logging::Event& event) { see(event); })) {}
  LogWatcher(const LogWatcher&) = delete;
  LogWatcher& operator=(const LogWatcher&) = delete;

  /// The failures that were reported as "Unhandled error in Deferred", and all other events.
  const std::vector<std::string>& unhandled() const noexcept { return unhandled_; }
  const std::vector<std::string>& others() const noexcept { return others_; }

 private:
  void see(const logging::Event& event) {
    const std::string failure = event.failure ? textOf(*event.failure) : "";
    if (event.kind == logging::EventKind::unhandled ||
        event.kind == logging::EventKind::droppedWhilePaused)
      unhandled_.push_back(failure);
    else
      others_.push_back(std::string(event.message) + (event.failure ? " / " + failure : ""));
  }

  std::vector<std::string> unhandled_;
  std::vector<std::string> others_;
  logging::Observation silence_;
  logging::Observation observation_;
};

/// Counts the copies of itself that live and were not moved from.
class Counted {
 public:
  explicit Counted(int& alive) noexcept : alive_(&alive) { ++*alive_; }
  Counted(const Counted& other) noexcept : alive_(other.alive_) {
    if (alive_) ++*alive_;
  }
  Counted(Counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    if (alive_) --*alive_;
  }

 private:
  int* alive_;
};

}  // namespace hawser
