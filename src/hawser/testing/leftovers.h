#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/testing/logged_errors.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hawser::testing {

/// Finds what a test leaves behind (the dirty-reactor check of Twisted's trial): errors that were
/// logged and not flushed, Deferreds that still wait, open descriptors.
///
///     Leftovers leftovers;
///     ... the test ...
///     for (const std::string& sentence : leftovers.find()) complain(sentence);
///
/// It belongs to no test framework; CleanTest (clean_test.h) is it for GoogleTest. Make it before
/// all that it shall watch, and ask it when that should be gone. While it lives the registry of
/// pending Deferreds is enabled on this thread, and logged errors are collected.
class Leftovers {
 public:
  Leftovers();
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;
  ~Leftovers();

  /// What was not there when this was made, and is now: a sentence for each. Logged errors are
  /// flushed by this.
  std::vector<std::string> find();

 private:
  using Places = std::map<std::pair<std::string, unsigned>, std::size_t>;
  static Places pendingPlaces();
  void findErrors(std::vector<std::string>& found);
  void findPending(std::vector<std::string>& found);
  void findDescriptors(std::vector<std::string>& found);

  LoggedErrors errors_;
  bool registryWasEnabled_;
  Places pending_;
  std::map<int, std::string> descriptors_;
};

/// A sentence for each of these calls: who asked for it, and when it would be made.
std::vector<std::string> describeTimers(const std::vector<DelayedCall>& calls,
                                        DelayedCall::TimePoint now);

/// The same for what a Reactor or a FakeClock still has to call.
template <class Clock>
std::vector<std::string> timersLeftIn(const Clock& clock) {
  return describeTimers(clock.getDelayedCalls(), clock.now());
}

}  // namespace hawser::testing
