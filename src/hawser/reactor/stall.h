#pragma once

#include <hawser/base/durations.h>

#include <cstdint>
#include <source_location>
#include <string>
#include <typeinfo>

namespace hawser {

/// A handler that does not return, or a turn that does not end: what `Reactor::reportStalls`
/// reports.
struct Stall {
  enum class Kind : std::uint8_t {
    handler,  ///< one handler holds the reactor
    turn,     ///< many handlers of one turn do, of which `what` is the one that runs now
    over,     ///< what was reported before has ended
  };

  Kind kind;
  /// So long the handler has run, or the turn lasted (`turn`, `over`), at least.
  std::chrono::nanoseconds lasted;
  /// What the handler was called for: "while handling a timed call", "in dataReceived". For `over`,
  /// what was reported last.
  const char* what;
  /// The type of the object whose function it is (a protocol, a factory); null if there is none.
  const std::type_info* object;
  /// Who asked for the call (`callLater`, `callFromThread`); line 0 if nobody did.
  std::source_location where;

  /// The handler in words: what it was called for, whose function it is, and who asked for it.
  std::string handlerName() const;
  /// One sentence.
  std::string toString() const;
};

}  // namespace hawser
