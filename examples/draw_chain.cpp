// The two lanes of a chain, drawn: it writes docs/images/two_lanes.svg.
//
// One chain is built three times and fired with a result, with an error, and with a result that its
// first callback cannot use. The handlers note that they run, and whether they return or throw. The
// picture is made of these notes: which way each run took was decided by the chain, not by whoever
// drew it.

#include <hawser/defer/deferred.h>

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hawser;

struct NoAnswerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct GibberishError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Lane { callbacks, errbacks };

struct Step {
  std::size_t level;
  Lane lane;
  bool threw;
};

// What the handlers of one run noted.
class Notes {
 public:
  template <class F>
  std::string run(std::size_t level, Lane lane, F handler) {
    const std::size_t mine = steps_.size();
    steps_.push_back({level, lane, true});
    std::string result = handler();
    steps_[mine].threw = false;
    return result;
  }

  const Step* at(std::size_t level) const {
    for (const Step& step : steps_)
      if (step.level == level) return &step;
    return nullptr;
  }

 private:
  std::vector<Step> steps_;
};

Deferred<std::string> use(Deferred<std::string> poem, Notes& notes) {
  return std::move(poem)
      .addCallback([&notes](const std::string& text) {
        return notes.run(0, Lane::callbacks, [&] {
          if (text == "xyzzy") throw GibberishError("that is no English");
          return text;
        });
      })
      .addErrback([&notes](const GibberishError&) {
        return notes.run(1, Lane::errbacks, [] { return "no poem today"; });
      })
      .addCallbacks(
          [&notes](const std::string&) {
            return notes.run(2, Lane::callbacks, [] { return "printed"; });
          },
          [&notes](const Failure&) {
            return notes.run(2, Lane::errbacks, [] { return "complained"; });
          })
      .addBoth([&notes](const Result<std::string>& result) {
        return notes.run(3, result ? Lane::callbacks : Lane::errbacks, [] { return "hung up"; });
      });
}

struct Level {
  std::string_view call, remark, callback, errback;
};

constexpr std::array<Level, 4> levels = {{
    {".addCallback(parse)", "", "parse", ""},
    {".addErrback(excuse)", "for GibberishError only", "", "excuse"},
    {".addCallbacks(print, complain)", "side by side", "print", "complain"},
    {".addBoth(hangUp)", "one handler for both lanes", "hangUp", "hangUp"},
}};

constexpr int firstLevel = 158, levelHeight = 82, boxWidth = 88, boxHeight = 32;
constexpr int labels = 264, panel = 236, firing = 104;
constexpr int width = labels + 3 * panel, height = firstLevel + 4 * levelHeight + 40;

int yOf(std::size_t level) { return firstLevel + levelHeight * static_cast<int>(level); }
const char* nameOf(Lane lane) { return lane == Lane::callbacks ? "green" : "red"; }

class Panel {
 public:
  explicit Panel(int left) : left_(left) {}

  void draw(std::string_view title, Lane firedIn, const Notes& notes, DeferredState end) const {
    text(left_ + panel / 2, 40, "title", title);
    text(xOf(Lane::callbacks), 72, "green label", "callbacks");
    text(xOf(Lane::errbacks), 72, "red label", "errbacks");
    for (Lane lane : {Lane::callbacks, Lane::errbacks})
      fmt::print("<path class=\"lane\" d=\"M{0} {1}V{2}\"/>\n", xOf(lane), firing, yOf(4));

    Lane lane = firedIn;
    int y = firing;
    for (std::size_t level = 0; level < levels.size(); ++level) {
      const Step* step = notes.at(level);
      if (!step) {
        if (hasBox(level, lane)) y = goAround(lane, y, yOf(level));
        continue;
      }
      goDown(lane, y, yOf(level));
      y = yOf(level) + boxHeight / 2;
      const Lane next = step->threw ? Lane::errbacks : Lane::callbacks;
      if (next != lane) y = cross(lane, next, y, step->threw ? "throws" : "returns");
      lane = next;
    }
    goDown(lane, y, yOf(4));
    fmt::print("<circle class=\"{} dot\" cx=\"{}\" cy=\"{}\" r=\"6\"/>\n", nameOf(firedIn),
               xOf(firedIn), firing);
    fmt::print("<circle class=\"{} dot\" cx=\"{}\" cy=\"{}\" r=\"6\"/>\n", nameOf(lane), xOf(lane),
               yOf(4));
    text(xOf(lane), yOf(4) + 22, "small", end == DeferredState::value ? "a value" : "a failure");

    for (std::size_t level = 0; level < levels.size(); ++level)
      for (Lane each : {Lane::callbacks, Lane::errbacks})
        if (hasBox(level, each)) box(level, each, notes.at(level));
  }

 private:
  int xOf(Lane lane) const { return left_ + (lane == Lane::callbacks ? 60 : 176); }

  static std::string_view boxName(std::size_t level, Lane lane) {
    return lane == Lane::callbacks ? levels[level].callback : levels[level].errback;
  }
  static bool hasBox(std::size_t level, Lane lane) { return !boxName(level, lane).empty(); }

  static void text(int x, int y, std::string_view style, std::string_view words) {
    fmt::print("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", style, x, y, words);
  }

  void goDown(Lane lane, int from, int to) const {
    fmt::print("<path class=\"{} way\" d=\"M{} {}V{}\"/>\n", nameOf(lane), xOf(lane), from, to);
  }

  // Past a handler in the same lane that is for errors of another type.
  int goAround(Lane lane, int from, int y) const {
    const int x = xOf(lane), aside = x - boxWidth / 2 - 14;
    const int begin = y - boxHeight / 2 - 26, end = y + boxHeight / 2 + 26;
    goDown(lane, from, begin);
    fmt::print("<path class=\"{0} way\" d=\"M{1} {2}C{1} {3} {4} {3} {4} {5}S{1} {6} {1} {7}\"/>\n",
               nameOf(lane), x, begin, y - 26, aside, y, y + 26, end);
    text(aside - 8, y + 4, "small end", "not its type");
    return end;
  }

  int cross(Lane from, Lane to, int y, std::string_view why) const {
    const int down = y + 36, middle = (y + down) / 2;
    fmt::print("<path class=\"{0} way\" d=\"M{1} {2}C{1} {3} {4} {3} {4} {5}\"/>\n", nameOf(to),
               xOf(from), y, middle, xOf(to), down);
    text((xOf(from) + 3 * xOf(to)) / 4, y + 12, "small", why);
    return down;
  }

  void box(std::size_t level, Lane lane, const Step* step) const {
    const bool ran = step && step->lane == lane;
    fmt::print("<rect class=\"{} {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
               nameOf(lane), ran ? "ran" : "idle", xOf(lane) - boxWidth / 2,
               yOf(level) - boxHeight / 2, boxWidth, boxHeight);
    text(xOf(lane), yOf(level) + 5, ran ? "handler" : "handler skipped", boxName(level, lane));
  }

  int left_;
};

constexpr std::string_view style = R"(
text { font: 13px sans-serif; fill: #1f2328; text-anchor: middle }
.background { fill: #ffffff; stroke: #d1d9e0 }
.title { font-weight: bold; font-size: 14px }
.code { font: 13px monospace; text-anchor: start }
.remark { font-size: 12px; text-anchor: start; fill: #59636e }
.small { font-size: 12px; font-style: italic; fill: #59636e }
.end { text-anchor: end }
.lane { stroke: #d1d9e0; stroke-width: 2; fill: none }
.way { stroke-width: 5; fill: none; stroke-linecap: round }
path.green, rect.green { stroke: #1a7f37 }
path.red, rect.red { stroke: #cf222e }
.green.dot, .green.ran, .green.label { fill: #1a7f37 }
.red.dot, .red.ran, .red.label { fill: #cf222e }
.idle { fill: #ffffff; stroke-width: 1.5; stroke-dasharray: 4 3 }
.ran { stroke-width: 1.5 }
.handler { font: 13px monospace; fill: #ffffff }
.skipped { fill: #59636e }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .background, .idle { fill: #0d1117 }
  .background, .lane { stroke: #3d444d }
  .remark, .small, .skipped { fill: #9198a1 }
  path.green, rect.green { stroke: #3fb950 }
  path.red, rect.red { stroke: #f85149 }
  .green.dot, .green.label { fill: #3fb950 }
  .red.dot, .red.label { fill: #f85149 }
  .green.ran { fill: #196c2e }
  .red.ran { fill: #b62324 }
}
)";

int main() {
  fmt::print(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\">\n",
      width, height);
  fmt::print(
      "<title>Three runs of one chain, each on its way through the lanes of callbacks and "
      "of errbacks</title>\n<!-- Written by examples/draw_chain.cpp. -->\n"
      "<style>{}</style>\n",
      style);
  fmt::print(
      "<rect class=\"background\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" "
      "rx=\"8\"/>\n",
      width - 1, height - 1);
  fmt::print("<text class=\"code\" x=\"20\" y=\"{}\">poem</text>\n", firing + 5);
  for (std::size_t level = 0; level < levels.size(); ++level) {
    fmt::print("<text class=\"code\" x=\"20\" y=\"{}\">{}</text>\n", yOf(level) + 1,
               levels[level].call);
    fmt::print("<text class=\"remark\" x=\"20\" y=\"{}\">{}</text>\n", yOf(level) + 18,
               levels[level].remark);
  }

  struct Run {
    std::string_view title;
    Result<std::string> firedWith;
  };
  const std::vector<Run> runs = {
      {"fired with a result", std::string("Two roads diverged")},
      {"fired with an error", Failure(NoAnswerError("the poet is asleep"))},
      {"a callback throws", std::string("xyzzy")},
  };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Notes notes;
    auto [poem, resolver] = makeDeferred<std::string>();
    const auto done = use(std::move(poem), notes);
    resolver.fire(runs[i].firedWith);
    const Panel column(labels + panel * static_cast<int>(i));
    column.draw(runs[i].title, runs[i].firedWith ? Lane::callbacks : Lane::errbacks, notes,
                done.state());
  }
  fmt::print("</svg>\n");
}
