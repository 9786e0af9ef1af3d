#include "trace/machine/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

Trace::Trace()
    : observation_(logging::addObserver([this](const logging::Event& event) { logged(event); })) {}

void Trace::begin(std::string label) { label_ = std::move(label); }

void Trace::event(std::string_view text) {
  if (!ended_) lines_.push_back(fmt::format("{} {}", label_, text));
}

void Trace::settle() {
  std::sort(unhandled_.begin(), unhandled_.end());
  for (const std::string& line : std::exchange(unhandled_, {})) event(line);
}

void Trace::logged(const logging::Event& event) {
  switch (event.kind) {
    case logging::EventKind::failure:
      this->event("logged " + text(*event.failure));
      break;
    case logging::EventKind::unhandled:
      unhandled_.push_back("unhandled " + text(*event.failure));
      break;
    case logging::EventKind::message:
    case logging::EventKind::droppedWhilePaused:  // Hawser's own: Twisted never says this
      break;
  }
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
