#pragma once

#include "torture/memory.h"
#include "torture/torture.h"

#include <hawser/base/failure.h>
#include <hawser/defer/errors.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/cooperator.h>
#include <hawser/reactor/reactor.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <new>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::torture {

using namespace std::chrono_literals;

inline const std::string big(100, 'x');

/// Runs it until it is stopped. What fails on the way for want of memory may be the stopping, so
/// there is another who does it, whose memory is taken before.
class Running {
 public:
  explicit Running(const char* backend) : reactor(makeBackend(backend)) {}
  void run() {
    {
      const EnoughMemory enough;
      watchdog_ = reactor.callLater(10s, [this] {
        ADD_FAILURE() << "it hangs";
        reactor.stop();
      });
      soon_ = reactor.callLater(0s, [this] { again(); });
    }
    reactor.run();
    const EnoughMemory enough;
    EXPECT_TRUE(reactor.getDelayedCalls().empty());
  }
  /// How many turns to wait for what the scenario has begun.
  int turns = 3;
  /// So many that it is the watchdog who ends what never ends.
  static constexpr int untilTheEnd = 1'000'000;
  /// Called in each, with enough memory to be called.
  std::function<void()> onTurn;
  /// Ends before the above does: what it calls at its end may use them.
  Reactor reactor;

 private:
  void again() {
    if (reactor.stopping()) return;
    if (turns-- == 0) return reactor.stop();
    {
      const EnoughMemory enough;
      soon_ = reactor.callLater(100us, [this] { again(); });
    }
    if (onTurn) onTurn();
  }
  DelayedCall watchdog_;
  DelayedCall soon_;
};

/// What may be told to whom there was not enough memory for.
inline void expectMemory(const Failure& why) {
  const EnoughMemory enough;
  EXPECT_TRUE(
      (why.check<std::bad_alloc, task::SchedulerError, AbandonedError, CancelledError, ConnectError,
                 ConnectionClosed, CannotListenError, DNSLookupError, FileSendError>()))
      << why.typeName() << ": " << why.getErrorMessage();
}

/// A folder whose own memory never is short. It is empty at the end but for what the scenario put
/// there.
class SafeFolder {
 public:
  explicit SafeFolder(std::size_t own = 0) : own_(own) {
    const EnoughMemory enough;
    folder_.emplace();
  }
  ~SafeFolder() {
    const EnoughMemory enough;
    EXPECT_EQ(folder_->files().size(), own_) << "files were left";
    folder_.reset();
  }
  SafeFolder(const SafeFolder&) = delete;
  SafeFolder& operator=(const SafeFolder&) = delete;

  std::string operator/(const char* name) const {
    const EnoughMemory enough;
    return *folder_ / name;
  }

 private:
  std::size_t own_;
  std::optional<Folder> folder_;
};

/// Something that is done on a reactor, and whose memory runs out.
struct MemoryScenario {
  const char* name;
  void (*run)(const char* backend);
  Whose whose = Whose::mine;
};

struct MemoryCase {
  MemoryScenario scenario;
  const char* backend;

  int walk() const {
    return walkMemory([this] { scenario.run(backend); }, scenario.whose);
  }
};
inline void PrintTo(const MemoryCase& each, std::ostream* stream) {
  *stream << each.scenario.name << " on " << each.backend;
}
/// Each scenario on each backend.
inline std::vector<MemoryCase> memoryCases(std::span<const MemoryScenario> scenarios) {
  std::vector<MemoryCase> all;
  for (const std::string_view backend : backendNames())
    for (const MemoryScenario& scenario : scenarios) all.push_back({scenario, backend.data()});
  return all;
}
inline std::string nameOfMemoryCase(const ::testing::TestParamInfo<MemoryCase>& info) {
  return std::string(info.param.scenario.name) + "_" + info.param.backend;
}

}  // namespace hawser::torture
