#include <poetry/progress.h>
#include <poetry/progress_bars.h>
#include <poetry/progress_lines.h>

#include <chrono>
#include <utility>

namespace poetry {

using namespace hawser;

std::unique_ptr<Progress> Progress::make(Clock& clock, std::vector<std::string> names) {
  if (const auto screen = Screen::ofStandardError(); screen && names.size() + 1 < screen->rows)
    return std::make_unique<ProgressBars>(clock, std::move(names), *screen);
  return std::make_unique<ProgressLines>(clock, std::move(names));
}

double PoemProgress::seconds(Clock::TimePoint now) const noexcept {
  if (state == State::notBegun) return 0;
  const Clock::TimePoint end = state == State::coming ? now : ended;
  return std::chrono::duration<double>(end - began).count();
}

std::vector<PoemProgress> progressOf(std::vector<std::string> names) {
  std::vector<PoemProgress> poems;
  for (std::string& name : names) poems.push_back({.name = std::move(name)});
  return poems;
}

}  // namespace poetry
