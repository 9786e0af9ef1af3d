#include <hawser/testing/logged_errors.h>

#include <mutex>
#include <string>
#include <utility>

namespace hawser::testing {

namespace {

constinit thread_local LoggedErrors* lastMade = nullptr;

}  // namespace

LoggedMessage::~LoggedMessage() = default;

struct LoggedErrors::State {
  std::mutex mutex;
  std::vector<Failure> failures;  // guarded by mutex
};

LoggedErrors::LoggedErrors()
    : state_(std::make_shared<State>()),
      previous_(std::exchange(lastMade, this)),
      quiet_(logging::silenceStderr()),
      observation_(logging::addObserver([state = state_](const logging::Event& event) {
        if (!event.failure && event.level < logging::Level::error) return;
        Failure failure =
            event.failure ? *event.failure : Failure(LoggedMessage(std::string(event.message)));
        const std::lock_guard lock(state->mutex);
        state->failures.push_back(std::move(failure));
      })) {}

LoggedErrors::~LoggedErrors() {
  LoggedErrors** link = &lastMade;
  while (*link && *link != this) link = &(*link)->previous_;
  if (*link) *link = previous_;
}

LoggedErrors& LoggedErrors::current() {
  if (!lastMade)
    throw std::logic_error(
        "flushLoggedErrors: nobody collects them; derive the test from CleanTest, or make a "
        "LoggedErrors");
  return *lastMade;
}

std::size_t LoggedErrors::count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failures.size();
}

std::vector<Failure> LoggedErrors::flushIf(bool (*matches)(const Failure&)) {
  const std::lock_guard lock(state_->mutex);
  std::vector<Failure> taken;
  std::vector<Failure> kept;
  for (Failure& failure : state_->failures)
    (matches(failure) ? taken : kept).push_back(std::move(failure));
  state_->failures = std::move(kept);
  return taken;
}

}  // namespace hawser::testing
