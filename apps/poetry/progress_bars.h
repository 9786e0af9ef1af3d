#pragma once

#include <poetry/progress.h>

#include <hawser/base/logging.h>
#include <hawser/reactor/looping_call.h>

#include <optional>

namespace poetry {

/// The size of a terminal.
struct Screen {
  std::size_t columns;
  std::size_t rows;

  /// Nothing if standard error is no terminal, or one that cannot move its cursor.
  static std::optional<Screen> ofStandardError();
};

/// A bar per poem, redrawn in place.
///
/// Nobody knows how long a poem will be until it has ended, so the bars show how much has come, all
/// on one scale; it becomes coarser when the longest bar is full. While they are there, what is
/// logged goes above them.
class ProgressBars final : public Progress {
 public:
  ProgressBars(hawser::Clock& clock, std::vector<std::string> names, Screen screen);
  ~ProgressBars() override;

  void began(std::size_t which) override;
  void received(std::size_t which, std::size_t bytes) override;
  void ended(std::size_t which, bool whole) override;
  void say(std::string_view text) override;
  void show(std::string_view poem) override;

 private:
  void sayEvent(const hawser::logging::Event& event);
  void draw();
  void erase();
  std::string text() const;
  std::size_t bytesPerCell() const;
  std::string line(const PoemProgress& poem, std::size_t bytesPerCell) const;

  hawser::Clock& clock_;
  std::vector<PoemProgress> poems_;
  std::size_t nameColumns_ = 0;
  std::size_t barColumns_ = 0;
  std::size_t drawnLines_ = 0;
  bool poemsAbove_ = false;
  hawser::task::LoopingCall drawing_;
  hawser::logging::Observation quiet_ = hawser::logging::silenceStderr();
  hawser::logging::Observation logged_;
};

}  // namespace poetry
