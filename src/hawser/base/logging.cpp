#include <hawser/base/logging.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

namespace hawser::logging {

struct detail::Observer {
  enum class Kind { observer, silence };
  Kind kind = Kind::observer;
  bool removed = false;
  unique_function<void(const Event&)> call;
};

namespace {

std::string_view nameOf(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      break;
  }
  return "error";
}

void writeToStderr(const Event& event) noexcept try {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  std::string text = fmt::format("{:%H:%M:%S}.{:03} [{}] {}\n",
                                 fmt::localtime(std::chrono::system_clock::to_time_t(seconds)),
                                 (now - seconds).count(), nameOf(event.level), event.message);
  if (event.failure && *event.failure) text += event.failure->getTraceback();
  std::fwrite(text.data(), 1, text.size(), stderr);
} catch (...) {
  std::fputs("hawser: an event could not be written: out of memory\n", stderr);
}

/// Set while this thread is inside observers.
constinit thread_local bool observing = false;
std::atomic<int> stderrLevel{static_cast<int>(Level::info)};
std::atomic<int> silences{0};

struct Observers {
  // Recursive, since an observer may add and remove observers.
  std::recursive_mutex mutex;
  std::vector<std::shared_ptr<detail::Observer>> list;
};

// Never destroyed: destructors of static objects may still log.
Observers& observers() {
  static auto* const instance = new Observers;
  return *instance;
}

void tell(detail::Observer& observer, const Event& event) noexcept try {
  observer.call(event);
} catch (...) {
  const Failure failure = Failure::current();
  writeToStderr({Level::error, EventKind::failure, "a log observer threw", &failure, event.where});
}

}  // namespace

Observation::Observation(std::shared_ptr<detail::Observer> observer) noexcept
    : observer_(std::move(observer)) {}

Observation& Observation::operator=(Observation&& other) noexcept {
  std::swap(observer_, other.observer_);
  return *this;
}

Observation::~Observation() {
  if (!observer_) return;
  if (observer_->kind == detail::Observer::Kind::silence) {
    --silences;
    return;
  }
  const std::lock_guard lock(observers().mutex);
  observer_->removed = true;
  std::erase(observers().list, observer_);
}

Observation addObserver(unique_function<void(const Event&)> observer) {
  auto entry = std::make_shared<detail::Observer>();
  entry->call = std::move(observer);
  const std::lock_guard lock(observers().mutex);
  observers().list.push_back(entry);
  return Observation(std::move(entry));
}

Observation silenceStderr() {
  auto entry = std::make_shared<detail::Observer>();
  entry->kind = detail::Observer::Kind::silence;
  ++silences;
  return Observation(std::move(entry));
}

void setStderrLevel(Level lowest) noexcept { stderrLevel = static_cast<int>(lowest); }

void log(const Event& event) noexcept try {
  if (observing) return writeToStderr(event);
  if (silences == 0 && static_cast<int>(event.level) >= stderrLevel) writeToStderr(event);
  const std::lock_guard lock(observers().mutex);
  observing = true;
  struct Done {
    ~Done() { observing = false; }
  } done;
  const auto list = observers().list;
  for (const auto& observer : list)
    if (!observer->removed) tell(*observer, event);
} catch (...) {
  writeToStderr(event);
}

void debug(std::string_view message, std::source_location where) noexcept {
  log({Level::debug, EventKind::message, message, nullptr, where});
}
void info(std::string_view message, std::source_location where) noexcept {
  log({Level::info, EventKind::message, message, nullptr, where});
}
void warn(std::string_view message, std::source_location where) noexcept {
  log({Level::warn, EventKind::message, message, nullptr, where});
}
void error(std::string_view message, std::source_location where) noexcept {
  log({Level::error, EventKind::message, message, nullptr, where});
}

void Err::operator()(const Failure& failure) const noexcept { (*this)(failure, "Unhandled error"); }
void Err::operator()(const Failure& failure, std::string_view why,
                     std::source_location where) const noexcept {
  log({Level::error, EventKind::failure, why, &failure, where});
}

}  // namespace hawser::logging
