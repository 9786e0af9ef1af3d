// One function that serves both: checks that answer at once and checks that take their time.
//
// Who may log in is looked up in a table by one program and asked from a server by another. The
// function that lets people in takes either, since maybeDeferred makes a Deferred of whatever it
// calls: of a value, of an exception, and of a Deferred.

#include <hawser/defer/deferred.h>
#include <hawser/defer/maybe_deferred.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

bool isKnown(std::string_view user) {
  static constexpr std::array<std::string_view, 3> users = {"Alice", "Angus", "Agnes"};
  return std::ranges::find(users, user) != users.end();
}

// A synchronous check: it may throw, too.
bool checkAtOnce(const std::string& user) {
  if (user.empty()) throw std::invalid_argument("a user has a name");
  return isKnown(user);
}

// An asynchronous one.
class Directory {
 public:
  explicit Directory(Clock& clock) : clock_(clock) {}
  Deferred<bool> check(const std::string& user) {
    return task::deferLater(clock_, 2s, [user] { return isKnown(user); });
  }

 private:
  Clock& clock_;
};

template <class Check>
Deferred<void> authenticate(Check check, const std::string& user) {
  return maybeDeferred(std::move(check), user)
      .addCallback(
          [user](bool known) { fmt::print("  {} is {}\n", user, known ? "welcome" : "not known"); })
      .addErrback(
          [](const Failure& why) { fmt::print("  could not check: {}\n", why.getErrorMessage()); });
}

int main() {
  testing::FakeClock clock;
  Directory directory(clock);
  auto askDirectory = [&](const std::string& user) { return directory.check(user); };

  fmt::print("At once:\n");
  auto alice = authenticate(checkAtOnce, "Alice");
  auto nemo = authenticate(checkAtOnce, "Nemo");
  auto nobody = authenticate(checkAtOnce, "");

  fmt::print("Later:\n");
  auto agnes = authenticate(askDirectory, "Agnes");
  auto nero = authenticate(askDirectory, "Nero");
  fmt::print("  (waiting)\n");
  clock.advance(2s);
}
