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

/// All that the signal handler may touch: lock-free, and never destroyed.
struct Place {
  std::atomic<Backend*> backend;
  std::atomic<std::uint64_t> wanted;
  std::atomic<std::uint64_t> came;
};
constinit std::array<Place, 128> places{};
constinit std::atomic<int> handlersRunning{0};
constinit std::atomic<pid_t> installedBy{0};
static_assert(std::atomic<Backend*>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

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
    Backend* const backend = place.backend.load();
    if (!backend || (place.wanted.load() & SignalWatch::bit(signal)) == 0) continue;
    place.came.fetch_or(SignalWatch::bit(signal));
    backend->wake();
  }
  --handlersRunning;
  errno = keptErrno;
}

/// What is done about one signal, for all watches.
struct Handling {
  unsigned watches = 0;
  bool installed = false;  // perhaps by a parent; `before` is what it did then
  struct sigaction before{};
};
constinit std::mutex installing;
std::array<Handling, 64> handling;  // by number - 1; guarded by installing

/// In a forked child: the parent's watches are nothing to us, but its handlers are still installed.
void forgetParent() noexcept {
  if (installedBy.exchange(::getpid()) == ::getpid()) return;
  for (Handling& one : handling) one.watches = 0;
  for (Place& place : places) {
    place.backend.store(nullptr);
    place.wanted.store(0);
  }
  handlersRunning.store(0);
}

void install(int signal) {
  Handling& one = handling[static_cast<std::size_t>(signal - 1)];
  struct sigaction action{};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  if (::sigaction(signal, &action, one.installed ? nullptr : &one.before) != 0)
    throw std::system_error(errno, std::generic_category(), "sigaction");
  one.installed = true;
}

void restore(int signal) noexcept {
  Handling& one = handling[static_cast<std::size_t>(signal - 1)];
  one.installed = false;
  if (::sigaction(signal, &one.before, nullptr) != 0)
    logging::error("A signal cannot be given back; from now on it does nothing.");
}

}  // namespace

SignalWatch::SignalWatch(Backend& backend) : process_(::getpid()) {
  const std::lock_guard lock(installing);
  forgetParent();
  place_ = 0;
  while (place_ < places.size() && places[place_].backend.load()) ++place_;
  if (place_ == places.size())
    throw std::system_error(EAGAIN, std::generic_category(),
                            "more reactors than can handle signals at the same time");
  places[place_].wanted.store(0);
  places[place_].came.store(0);
  places[place_].backend.store(&backend);
}

SignalWatch::~SignalWatch() {
  if (process_ != ::getpid()) return;
  for (int signal = 1; signal <= static_cast<int>(signals); ++signal)
    while (wanted_[signal - 1] != 0) remove(signal);
  const std::lock_guard lock(installing);
  places[place_].backend.store(nullptr);
  // A handler that another thread runs right now may have read the pointer before.
  while (handlersRunning.load() != 0) std::this_thread::yield();
}

void SignalWatch::add(int signal) {
  const std::lock_guard lock(installing);
  unsigned& wanted = wanted_[signal - 1];
  if (wanted == 0) {
    unsigned& watches = handling[static_cast<std::size_t>(signal - 1)].watches;
    places[place_].wanted.fetch_or(bit(signal));
    try {
      if (watches == 0) install(signal);
    } catch (...) {
      places[place_].wanted.fetch_and(~bit(signal));
      throw;
    }
    ++watches;
  }
  ++wanted;
}

void SignalWatch::remove(int signal) noexcept {
  const std::lock_guard lock(installing);
  if (--wanted_[signal - 1] != 0) return;
  if (--handling[static_cast<std::size_t>(signal - 1)].watches == 0) restore(signal);
  places[place_].wanted.fetch_and(~bit(signal));
  places[place_].came.fetch_and(~bit(signal));
}

void SignalWatch::watchStopSignals() {
  add(SIGINT);
  try {
    add(SIGTERM);
  } catch (...) {
    remove(SIGINT);
    throw;
  }
}

std::uint64_t SignalWatch::take() noexcept {
  std::atomic<std::uint64_t>& came = places[place_].came;
  return came.load(std::memory_order_relaxed) == 0 ? 0 : came.exchange(0);
}

}  // namespace hawser::detail
