#include <hawser/reactor/backend.h>

#include "reactor/support.h"

#include <hawser/reactor/detail/backend_choice.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace hawser::tests {
namespace {

/// Sets the environment variable while it lives; null: unsets it.
class ReactorVariable {
 public:
  explicit ReactorVariable(const char* value) {
    if (const char* const found = std::getenv(name)) before_ = found;
    set(value);
  }
  ReactorVariable(const ReactorVariable&) = delete;
  ReactorVariable& operator=(const ReactorVariable&) = delete;
  ~ReactorVariable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static constexpr const char* name = "HAWSER_REACTOR";
  static void set(const char* value) {
    if (value)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }
  std::optional<std::string> before_;
};

template <class Error, class Call>
std::string messageOf(Call call) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(BackendChoice, makesEachByItsName) {
  for (const std::string_view name : backendNames()) {
    SCOPED_TRACE(name);
    try {
      EXPECT_EQ(makeBackend(name)->name(), name);
    } catch (const ReactorNotAvailable& refused) {
      EXPECT_NE(std::string_view(refused.what()).find(name), std::string_view::npos);
    }
  }
}

TEST(BackendChoice, ofAnUnknownNameSaysWhichThereAre) {
  const std::string message = messageOf<NoSuchReactor>([] { return makeBackend("kqueue"); });
  EXPECT_NE(message.find("kqueue"), std::string::npos) << message;
  for (const std::string_view name : backendNames())
    EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(BackendChoice, isTheEnvironmentsWhereTheProgramHasNone) {
  const ReactorVariable variable("poll");
  Reactor reactor;
  EXPECT_EQ(reactor.backend().name(), "poll");
  Reactor chosen(makeBackend("epoll"));
  EXPECT_EQ(chosen.backend().name(), "epoll");
}

TEST(BackendChoice, isEpollWhereNobodyHasOne) {
  for (const char* const value : {static_cast<const char*>(nullptr), ""}) {
    const ReactorVariable variable(value);
    EXPECT_EQ(makeDefaultBackend()->name(), "epoll");
  }
}

TEST(BackendChoice, ofTheEnvironmentThatDoesNotExistNamesTheVariable) {
  const ReactorVariable variable("select");
  const std::string message = messageOf<NoSuchReactor>([] { return makeDefaultBackend(); });
  EXPECT_NE(message.find("HAWSER_REACTOR"), std::string::npos) << message;
  EXPECT_NE(message.find("select"), std::string::npos) << message;
  EXPECT_THROW(Reactor(), NoSuchReactor);
}

}  // namespace
}  // namespace hawser::tests
