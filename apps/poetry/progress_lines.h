#pragma once

#include <poetry/progress.h>

namespace poetry {

/// For files, pipes and simple terminals: a line at the beginning and the end of each poem, and at
/// most one a second in between.
class ProgressLines final : public Progress {
 public:
  ProgressLines(hawser::Clock& clock, std::vector<std::string> names);

  void began(std::size_t which) override;
  void received(std::size_t which, std::size_t bytes) override;
  void ended(std::size_t which, bool whole) override;
  void say(std::string_view text) override;
  void show(std::string_view poem) override;

 private:
  hawser::Clock& clock_;
  std::vector<PoemProgress> poems_;
  std::vector<hawser::Clock::TimePoint> spokeAt_;
};

}  // namespace poetry
