#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/detail/quiet_thread.h>
#include <hawser/reactor/detail/stall_watch.h>

#include <algorithm>
#include <utility>

namespace hawser::detail {

namespace {

constexpr int looksPerThreshold = 4;
constexpr std::chrono::nanoseconds shortestPause = std::chrono::microseconds(100);

}  // namespace

void StallFinder::begin(const HandlerMarks::Seen& seen, TimePoint now) noexcept {
  seen_ = seen;
  turnSeen_ = stepSeen_ = now;
  next_ = threshold_;
  reported_.reset();
}

std::optional<Stall> StallFinder::look(TimePoint now) noexcept {
  const HandlerMarks::Seen seen = marks_.look();
  if (seen.turn != seen_.turn) {
    std::optional<Stall> ended = std::exchange(reported_, std::nullopt);
    if (ended) {
      ended->kind = Stall::Kind::over;
      ended->lasted = now - turnSeen_;
    }
    begin(seen, now);
    return ended;
  }
  if (seen.turn % 2 == 0) return std::nullopt;
  if (seen.step != seen_.step) {
    seen_ = seen;
    stepSeen_ = now;
  }
  const bool sameHandler = now - stepSeen_ >= threshold_;
  const std::chrono::nanoseconds lasted = now - (sameHandler ? stepSeen_ : turnSeen_);
  if (now - turnSeen_ < next_) return std::nullopt;
  while (next_ <= now - turnSeen_) next_ *= 2;
  const char* const what = seen.handler.what ? seen.handler.what : "between two handlers";
  reported_ = Stall{sameHandler ? Stall::Kind::handler : Stall::Kind::turn, lasted, what,
                    seen.handler.object, seen.handler.where};
  return reported_;
}

StallWatch::StallWatch(const HandlerMarks& marks, std::chrono::nanoseconds threshold, Report report)
    : finder_(marks, threshold),
      pause_(std::max(threshold / looksPerThreshold, shortestPause)),
      report_(std::move(report)),
      thread_(quietThread([this] { watch(); })) {}

StallWatch::~StallWatch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StallWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, pause_, [this] { return over_; })) {
    const std::optional<Stall> stall = finder_.look(std::chrono::steady_clock::now());
    if (!stall) continue;
    lock.unlock();
    try {
      report_(*stall);
    } catch (...) {
      logging::err(Failure::current(), "while reporting a stall of the reactor");
    }
    lock.lock();
  }
}

}  // namespace hawser::detail
