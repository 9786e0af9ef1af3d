#include <hawser/reactor/detail/signal_handlers.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/signal_handler.h>

#include <fmt/format.h>
#include <signal.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace hawser {

namespace {

bool canBeHandled(int signal) noexcept {
  switch (signal) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGABRT:
      return false;
    default:
      return signal > 0 && (signal < __SIGRTMIN || (signal >= SIGRTMIN && signal <= SIGRTMAX));
  }
}

/// Of `nextSignal`.
struct Waiting {
  std::optional<SignalHandler> handler;
  Resolver<int> resolver;
};

}  // namespace

SignalHandler::SignalHandler(Reactor& reactor, int signal, unique_function<void(int)> call,
                             std::source_location where) {
  reactor.checkThread("SignalHandler");
  if (!canBeHandled(signal))
    throw std::invalid_argument(fmt::format("signal {} cannot be handled", signal));
  if (!call) throw std::invalid_argument("SignalHandler: there is nothing to call");
  if (reactor.ended()) throw ReactorNotRunning("SignalHandler: the reactor has ended");
  entry_ = reactor.signalHandlers().add(signal, std::move(call), where);
}

SignalHandler& SignalHandler::operator=(SignalHandler&& other) noexcept {
  if (this != &other) {
    remove();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

void SignalHandler::remove() noexcept {
  const auto entry = std::exchange(entry_, nullptr);
  if (entry && entry->owner) entry->owner->remove(entry);
}

Deferred<int> nextSignal(Reactor& reactor, int signal, std::source_location where) {
  const auto waiting = std::make_shared<Waiting>();
  waiting->handler.emplace(
      reactor, signal,
      [waiting](int came) {
        waiting->handler.reset();
        waiting->resolver.callback(came);
      },
      where);
  try {
    auto [deferred, resolver] = makeDeferred<int>(
        [weak = std::weak_ptr(waiting)] {
          if (const auto found = weak.lock()) {
            found->handler.reset();
            found->resolver = {};
          }
        },
        where);
    waiting->resolver = std::move(resolver);
    return std::move(deferred);
  } catch (...) {
    waiting->handler.reset();  // holds what holds it
    throw;
  }
}

}  // namespace hawser
