#include <poetry/output.h>
#include <poetry/progress_lines.h>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace poetry {

using namespace hawser;
using namespace std::chrono_literals;

ProgressLines::ProgressLines(Clock& clock, std::vector<std::string> names)
    : clock_(clock), poems_(progressOf(std::move(names))), spokeAt_(poems_.size()) {}

void ProgressLines::began(std::size_t which) {
  poems_[which].state = PoemProgress::State::coming;
  poems_[which].began = spokeAt_[which] = clock_.now();
  say(fmt::format("{}: asked for its poem\n", poems_[which].name));
}

void ProgressLines::received(std::size_t which, std::size_t bytes) {
  PoemProgress& poem = poems_[which];
  poem.bytes += bytes;
  const Clock::TimePoint now = clock_.now();
  if (now - spokeAt_[which] < 1s) return;
  spokeAt_[which] = now;
  say(fmt::format("{}: {} bytes after {:.1f} s\n", poem.name, poem.bytes, poem.seconds(now)));
}

// Failures are told by those who know why.
void ProgressLines::ended(std::size_t which, bool whole) {
  PoemProgress& poem = poems_[which];
  poem.state = whole ? PoemProgress::State::whole : PoemProgress::State::failed;
  poem.ended = clock_.now();
  if (whole)
    say(fmt::format("{}: whole, {} bytes in {:.2f} s\n", poem.name, poem.bytes,
                    poem.seconds(poem.ended)));
}

void ProgressLines::say(std::string_view text) { writeErr(text); }
void ProgressLines::show(std::string_view poem) { writeOut(poem); }

}  // namespace poetry
