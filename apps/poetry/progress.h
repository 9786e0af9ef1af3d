#pragma once

#include <hawser/base/clock.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace poetry {

/// Shows on standard error how several poems come along while they come. What else is written
/// meanwhile goes through here too, so that it does not get between the bars.
class Progress {
 public:
  /// Bars if standard error is a terminal that has room for them, else lines.
  /// @param names of what is being fetched; below, `which` counts them from 0
  /// @param clock outlives this
  static std::unique_ptr<Progress> make(hawser::Clock& clock, std::vector<std::string> names);

  virtual ~Progress() = default;

  virtual void began(std::size_t which) = 0;
  virtual void received(std::size_t which, std::size_t bytes) = 0;
  virtual void ended(std::size_t which, bool whole) = 0;

  /// A text that ends with a newline, on standard error.
  virtual void say(std::string_view text) = 0;
  /// A poem, on standard output.
  virtual void show(std::string_view poem) = 0;

 protected:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
};

/// How far one poem is.
struct PoemProgress {
  enum class State { notBegun, coming, whole, failed };

  std::string name;
  State state = State::notBegun;
  std::size_t bytes = 0;
  hawser::Clock::TimePoint began{};
  hawser::Clock::TimePoint ended{};

  double seconds(hawser::Clock::TimePoint now) const noexcept;
};

std::vector<PoemProgress> progressOf(std::vector<std::string> names);

}  // namespace poetry
