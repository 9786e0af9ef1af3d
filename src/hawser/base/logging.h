#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/unique_function.h>

#include <memory>
#include <source_location>
#include <string_view>

/// What a program tells about itself while it runs (Twisted's `log`), and who listens.
///
/// The library never prints: it logs an event, and observers do with it what they like. Until told
/// otherwise one observer writes a line per event, `info` and above, on standard error.
///
/// Every function here may be called on any thread. Observers are called on the thread that logs,
/// one event at a time, in the order in which they were added. An observer that throws is named on
/// standard error and the others go on; what an observer logs itself goes to standard error only.
namespace hawser::logging {

enum class Level { debug, info, warn, error };

enum class EventKind {
  message,            ///< text only
  failure,            ///< `err`: a failure that somebody handled by logging it
  unhandled,          ///< the last link of a dropped Deferred ended in a failure
  droppedWhilePaused  ///< the same, of a chain that was paused when its failure arrived
};

/// Valid during the observer's call only.
struct Event {
  Level level;
  EventKind kind;
  std::string_view message;
  const Failure* failure;  ///< null if `kind` is `message`
  std::source_location where;
};

class Observation;

namespace detail {
struct Observer;
}

/// Calls `observer` for each event from now on, until the returned token is destroyed.
[[nodiscard]] Observation addObserver(unique_function<void(const Event&)> observer);

/// Ends an observer's work when it goes: no call of it begins afterwards, and (unless it is the
/// observer itself that ends it) none is still running.
class Observation {
 public:
  Observation() noexcept = default;
  Observation(Observation&&) noexcept = default;
  Observation& operator=(Observation&& other) noexcept;
  ~Observation();

 private:
  friend Observation addObserver(unique_function<void(const Event&)>);
  friend Observation silenceStderr();
  explicit Observation(std::shared_ptr<detail::Observer> observer) noexcept;
  std::shared_ptr<detail::Observer> observer_;
};

/// Keeps the built-in observer quiet while the returned token lives.
[[nodiscard]] Observation silenceStderr();
/// The lowest level that the built-in observer prints; `info` at first.
void setStderrLevel(Level lowest) noexcept;

void log(const Event& event) noexcept;

void debug(std::string_view message,
           std::source_location where = std::source_location::current()) noexcept;
void info(std::string_view message,
          std::source_location where = std::source_location::current()) noexcept;
void warn(std::string_view message,
          std::source_location where = std::source_location::current()) noexcept;
void error(std::string_view message,
           std::source_location where = std::source_location::current()) noexcept;

/// Logs a failure (Twisted's `log.err`). A function object, so that it can be an errback:
///
///     d.addErrback(logging::err);
struct Err {
  void operator()(const Failure& failure) const noexcept;
  void operator()(const Failure& failure, std::string_view why,
                  std::source_location where = std::source_location::current()) const noexcept;
};
inline constexpr Err err{};

}  // namespace hawser::logging
