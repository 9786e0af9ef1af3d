#include <hawser/base/logging.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/signals.h>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>

namespace hawser::detail {

namespace {

constexpr std::array watchedSignals{SIGINT, SIGTERM};

/// All that the signal handler may touch: lock-free, and never destroyed.
struct Place {
  std::atomic<Backend*> backend;
  std::atomic<int> signal;
};
constinit std::array<Place, 128> places{};
constinit std::atomic<int> handlersRunning{0};
constinit std::atomic<pid_t> installedBy{0};
static_assert(std::atomic<Backend*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void onSignal(int signal) {
  const int keptErrno = errno;
  if (::getpid() != installedBy.load()) {
    // A child that was forked while the reactor ran: its signals are not the reactor's.
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    errno = keptErrno;
    return;
  }
  ++handlersRunning;
  for (Place& place : places) {
    if (Backend* backend = place.backend.load()) {
      place.signal.store(signal);
      backend->wake();
    }
  }
  --handlersRunning;
  errno = keptErrno;
}

constinit std::mutex installing;
int watches = 0;                                               // guarded by installing
std::array<struct sigaction, watchedSignals.size()> before{};  // guarded by installing

/// In a forked child: the parent's watches are nothing to us, but its handler is still installed.
bool forgetParent() noexcept {
  const bool inherited = watches != 0 && installedBy.load() != ::getpid();
  if (!inherited) return false;
  watches = 0;
  for (Place& place : places) place.backend.store(nullptr);
  handlersRunning.store(0);
  return true;
}

/// Of the first `count` signals.
void restore(std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    if (::sigaction(watchedSignals[i], &before[i], nullptr) != 0)
      logging::error("A signal cannot be given back; from now on it does nothing.");
}

void install(bool inherited) {
  installedBy.store(::getpid());
  struct sigaction action{};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < watchedSignals.size(); ++i) {
    if (::sigaction(watchedSignals[i], &action, inherited ? nullptr : &before[i]) == 0) continue;
    const int error = errno;
    restore(i);
    throw std::system_error(error, std::generic_category(), "sigaction");
  }
}

}  // namespace

SignalWatch::SignalWatch(Backend& backend) {
  const std::lock_guard lock(installing);
  const bool inherited = forgetParent();
  place_ = 0;
  while (place_ < places.size() && places[place_].backend.load()) ++place_;
  if (place_ == places.size())
    throw std::system_error(EAGAIN, std::generic_category(),
                            "more reactors than can handle signals at the same time");
  places[place_].signal.store(0);
  places[place_].backend.store(&backend);
  try {
    if (watches == 0) install(inherited);
  } catch (...) {
    places[place_].backend.store(nullptr);
    throw;
  }
  ++watches;
}

SignalWatch::~SignalWatch() {
  const std::lock_guard lock(installing);
  if (--watches == 0) restore(watchedSignals.size());
  places[place_].backend.store(nullptr);
  // A handler that another thread runs right now may have read the pointer before.
  while (handlersRunning.load() != 0) std::this_thread::yield();
}

int SignalWatch::take() noexcept {
  std::atomic<int>& signal = places[place_].signal;
  return signal.load(std::memory_order_relaxed) == 0 ? 0 : signal.exchange(0);
}

}  // namespace hawser::detail
