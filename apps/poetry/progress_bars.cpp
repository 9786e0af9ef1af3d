#include <poetry/output.h>
#include <poetry/progress_bars.h>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace poetry {

using namespace hawser;
using namespace std::chrono_literals;

namespace {

constexpr auto drawInterval = 100ms;
constexpr std::size_t longestName = 40;
constexpr std::size_t longestBar = 30;
constexpr std::size_t figuresColumns = 30;  // what follows a bar

std::string repeated(std::string_view cell, std::size_t count) {
  std::string text;
  while (count-- > 0) text += cell;
  return text;
}

std::string_view mark(PoemProgress::State state) {
  switch (state) {
    case PoemProgress::State::notBegun:
      return "waits";
    case PoemProgress::State::coming:
      return "";
    case PoemProgress::State::whole:
      return "✓";
    case PoemProgress::State::failed:
      return "✗ failed";
  }
  return "";
}

}  // namespace

std::optional<Screen> Screen::ofStandardError() {
  const char* const kind = std::getenv("TERM");
  winsize size{};
  if (!kind || std::string_view(kind) == "dumb" || ::isatty(STDERR_FILENO) == 0 ||
      ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 50)
    return std::nullopt;
  return Screen{size.ws_col, size.ws_row};
}

ProgressBars::ProgressBars(Clock& clock, std::vector<std::string> names, Screen screen)
    : clock_(clock),
      poems_(progressOf(std::move(names))),
      drawing_(clock, [this] { draw(); }),
      logged_(logging::addObserver([this](const logging::Event& event) { sayEvent(event); })) {
  for (const PoemProgress& poem : poems_) nameColumns_ = std::max(nameColumns_, poem.name.size());
  const std::size_t room = screen.columns - 1 - figuresColumns;
  nameColumns_ = std::min({nameColumns_, longestName, room / 2});
  barColumns_ = std::min(longestBar, room - nameColumns_);
  drawing_.start(drawInterval).addErrback(logging::err);
}

ProgressBars::~ProgressBars() {
  if (drawing_.running()) drawing_.stop();
  draw();
}

void ProgressBars::began(std::size_t which) {
  poems_[which].state = PoemProgress::State::coming;
  poems_[which].began = clock_.now();
}

void ProgressBars::received(std::size_t which, std::size_t bytes) { poems_[which].bytes += bytes; }

void ProgressBars::ended(std::size_t which, bool whole) {
  poems_[which].state = whole ? PoemProgress::State::whole : PoemProgress::State::failed;
  poems_[which].ended = clock_.now();
}

void ProgressBars::say(std::string_view text) {
  erase();
  writeErr(text);
  draw();
}

void ProgressBars::show(std::string_view poem) {
  if (::isatty(STDOUT_FILENO) == 0) return writeOut(poem);
  erase();
  writeOut(poem);
  if (!poem.ends_with('\n')) writeOut("\n");
  poemsAbove_ = true;
  draw();
}

void ProgressBars::sayEvent(const logging::Event& event) {
  if (event.level < logging::Level::info) return;
  say(fmt::format("{}\n{}", event.message, event.failure ? event.failure->getTraceback() : ""));
}

// The cursor rests on the line below the bars.
void ProgressBars::draw() {
  erase();
  writeErr(text());
  drawnLines_ = poems_.size() + (poemsAbove_ ? 1 : 0);
}

void ProgressBars::erase() {
  if (drawnLines_ > 0) writeErr(fmt::format("\x1b[{}F\x1b[J", drawnLines_));
  drawnLines_ = 0;
}

std::string ProgressBars::text() const {
  const std::size_t scale = bytesPerCell();
  std::string lines = poemsAbove_ ? "\n" : "";
  for (const PoemProgress& poem : poems_) lines += line(poem, scale);
  return lines;
}

std::size_t ProgressBars::bytesPerCell() const {
  std::size_t most = 0;
  for (const PoemProgress& poem : poems_) most = std::max(most, poem.bytes);
  std::size_t scale = 16;
  while (scale * barColumns_ < most) scale *= 2;
  return scale;
}

std::string ProgressBars::line(const PoemProgress& poem, std::size_t bytesPerCell) const {
  const std::size_t cells = (poem.bytes + bytesPerCell - 1) / bytesPerCell;
  return fmt::format("{:<{}.{}} {}{} {:>8} B {:>6.1f} s  {}\n", poem.name, nameColumns_,
                     nameColumns_, repeated("█", cells), repeated("·", barColumns_ - cells),
                     poem.bytes, poem.seconds(clock_.now()), mark(poem.state));
}

}  // namespace poetry
