#pragma once

#include <atomic>
#include <cstdint>
#include <source_location>
#include <typeinfo>

namespace hawser::detail {

/// What a reactor's thread does just now, for another that watches it: written by the one, read by
/// the other, at any time. All that is pointed to lives as long as the program.
class HandlerMarks {
 public:
  /// What a handler is: what it is called for, whom (or null), and who asked for it (or line 0).
  struct Handler {
    const char* what = nullptr;  ///< null: none runs
    const std::type_info* object = nullptr;
    std::source_location where;
  };
  struct Seen {
    std::uint64_t turn;  ///< odd within a turn
    std::uint64_t step;  ///< changes whenever another handler begins, or goes on
    Handler handler;
  };

  // The reactor's thread.

  void turnBegins() noexcept { count(turn_); }
  void turnEnds() noexcept { count(turn_); }
  bool inTurn() const noexcept { return turn_.load(std::memory_order_relaxed) % 2 == 1; }
  Handler present() const noexcept {
    constexpr auto relaxed = std::memory_order_relaxed;
    return {what_.load(relaxed), object_.load(relaxed), where_.load(relaxed)};
  }
  void set(const Handler& handler) noexcept {
    // Odd while it is written: whoever read only a part of it sees another step the second time.
    count(step_);
    what_.store(handler.what, std::memory_order_release);
    object_.store(handler.object, std::memory_order_release);
    where_.store(handler.where, std::memory_order_release);
    count(step_);
  }

  // The one that watches.

  Seen look() const noexcept {
    constexpr auto acquire = std::memory_order_acquire;
    for (;;) {
      const Seen seen{turn_.load(acquire),
                      step_.load(acquire),
                      {what_.load(acquire), object_.load(acquire), where_.load(acquire)}};
      if (step_.load(acquire) == seen.step && seen.step % 2 == 0) return seen;
    }
  }

 private:
  static void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::atomic<std::uint64_t> turn_{0};
  std::atomic<std::uint64_t> step_{0};
  std::atomic<const char*> what_{nullptr};
  std::atomic<const std::type_info*> object_{nullptr};
  std::atomic<std::source_location> where_{};
};

/// Of the reactor whose turn it is on this thread; null unless somebody watches it.
extern constinit thread_local HandlerMarks* handlerMarks __attribute__((tls_model("initial-exec")));

/// Marks the time in which a handler runs. Costs a look at a thread-local pointer unless somebody
/// watches.
class HandlerMark {
 public:
  HandlerMark(const char* what, std::source_location where) noexcept : marks_(handlerMarks) {
    if (marks_) [[unlikely]]
      enter({what, nullptr, where});
  }
  /// `object` is the one whose function is called.
  template <class Object>
  HandlerMark(const char* what, const Object& object) noexcept : marks_(handlerMarks) {
    if (marks_) [[unlikely]]
      enter({what, &typeid(object), {}});
  }
  HandlerMark(const HandlerMark&) = delete;
  HandlerMark& operator=(const HandlerMark&) = delete;
  ~HandlerMark() {
    if (marks_) [[unlikely]]
      marks_->set(before_);
  }

 private:
  void enter(const HandlerMarks::Handler& handler) noexcept {
    before_ = marks_->present();
    marks_->set(handler);
  }

  HandlerMarks* marks_;
  // Written by `enter` only: most marks have nobody to tell.
  union {
    HandlerMarks::Handler before_;
  };
};

}  // namespace hawser::detail
