#pragma once

#include "trace/machine/value.h"

#include <hawser/base/logging.h>

#include <string>
#include <string_view>
#include <vector>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

/// The trace of one program: what could be observed while it ran, in order.
///
/// It also listens to what the library logs while it lives: a failure that was caught becomes a
/// line at once, one that nobody handled a line at the end of the operation.
class Trace {
 public:
  Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// What the lines from now on are labelled with.
  void begin(std::string label);
  /// Adds a line, unless the trace has ended.
  void event(std::string_view text);
  /// Ends a top-level operation: adds the `unhandled` lines that fell due, sorted as text.
  void settle();

  /// Nothing is traced from now on.
  void end() noexcept { ended_ = true; }
  bool ended() const noexcept { return ended_; }

  std::vector<std::string> takeLines() noexcept { return std::move(lines_); }

 private:
  void logged(const logging::Event& event);

  std::string label_;
  std::vector<std::string> lines_;
  std::vector<std::string> unhandled_;
  bool ended_ = false;
  logging::Observation observation_;
};

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
