#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/fork_count.h>
#include <hawser/reactor/detail/reactor_parts.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hawser {

namespace {

constinit thread_local Reactor* lastMade = nullptr;

void ignoreSigpipe() noexcept {
  struct sigaction action{};
  if (::sigaction(SIGPIPE, nullptr, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0 ||
      action.sa_handler != SIG_DFL)
    return;
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace

Reactor::Reactor() : Reactor(nullptr) {}

Reactor::Reactor(std::unique_ptr<Backend> backend)
    : parts_(std::make_unique<Parts>(backend ? std::move(backend) : makeDefaultBackend())),
      backend_(parts_->backend.get()),
      timers_(*this),
      remoteCalls_(std::make_shared<detail::RemoteCalls>(*backend_)),
      previous_(lastMade),
      thread_(&detail::runState),
      forks_(detail::forkCount()) {
  ignoreSigpipe();
  lastMade = this;
}

Reactor::~Reactor() {
  if (!isInIOThread()) {
    std::fputs("hawser: a Reactor is destroyed on a thread that is not its own\n", stderr);
    std::abort();
  }
  if (state_ != State::ended && !forked()) {
    const InTurn inTurn(*this);
    readClock();
    if (parts_->threadPool) parts_->threadPool->quit();
    endConnections();
    dropPending();
  }
  // In a child the thread that watches does not exist; nobody could wait for it.
  if (forked()) static_cast<void>(parts_->stalls.release());
  // What still runs may use all the rest.
  parts_->threadPool.reset();
  parts_->stalls.reset();
  Reactor** link = &lastMade;
  while (*link != this) link = &(*link)->previous_;
  *link = previous_;
}

Reactor& Reactor::current() {
  if (!lastMade)
    throw NoReactorError("Reactor::current: there is no Reactor on this thread; make one first");
  return *lastMade;
}

bool Reactor::isInIOThread() const noexcept { return thread_ == &detail::runState; }

bool Reactor::forked() const noexcept { return forks_ != detail::forkCount(); }

void Reactor::checkThread(const char* function) const {
  if (!isInIOThread())
    throw WrongThreadError(fmt::format(
        "Reactor::{} was called on another thread than the reactor's; use callFromThread",
        function));
  checkProcess(function);
}

void Reactor::checkProcess(const char* function) const {
  if (forked())
    throw WrongThreadError(fmt::format(
        "Reactor::{} was called in a forked process; a child must make a reactor of its own",
        function));
}

// Running.

void Reactor::run(RunOptions options) {
  checkThread("run");
  if (inTurn_ || running()) throw ReactorAlreadyRunning("Reactor::run: it is running already");
  if (state_ == State::ended)
    throw ReactorNotRestartable("Reactor::run: it ran before; make a new Reactor");

  if (options.handleSignals) signals().watchStopSignals();
  stopsOnSignals_ = options.handleSignals;
  if (options.drain > Duration::zero()) parts_->drain = options.drain;
  state_ = State::running;
  try {
    startUp();
    while (state_ == State::running) turn(nextWake());
    beforeShutdown();
  } catch (...) {
    shutDown();
    throw;
  }
  shutDown();
}

void Reactor::stop() {
  checkThread("stop");
  if (state_ == State::created) throw ReactorNotRunning("Reactor::stop: it is not running");
  if (state_ != State::running) throw ReactorNotRunning("Reactor::stop: it was stopped already");
  state_ = State::stopping;
}

void Reactor::stop(Duration drain) {
  checkThread("stop");
  drain = std::max(drain, Duration::zero());
  if (state_ != State::stopping) {
    stop();
    parts_->drain = drain;
    return;
  }
  if (!parts_->drain || drain < *parts_->drain) parts_->drain = drain;
  losePatienceIn(drain);
}

bool Reactor::running() const noexcept {
  return state_ == State::running || state_ == State::stopping || state_ == State::ending;
}

bool Reactor::stopping() const noexcept {
  return state_ == State::stopping || state_ == State::ending;
}

void Reactor::iterate(Duration longest) {
  checkThread("iterate");
  if (inTurn_ || running()) throw ReactorAlreadyRunning("Reactor::iterate: a turn is under way");
  const TimePoint latest = detail::laterThan(backend_->now(), longest);
  const std::optional<TimePoint> wake = nextWake();
  turn(longest <= Duration::zero() ? TimePoint::min() : wake ? std::min(*wake, latest) : latest);
}

std::optional<Reactor::TimePoint> Reactor::nextWake() const noexcept {
  if (!afterTurn_.empty() || !turnBuffer_.empty()) return TimePoint::min();
  return timers_.nextDue();
}

void Reactor::startUp() {
  const InTurn inTurn(*this);
  readClock();
  for (auto& [call, where] : std::exchange(whenRunning_, {}))
    detail::callHandlerFor(where, "while handling a call of callWhenRunning", call, where);
  makeAfterTurnCalls();
}

void Reactor::turn(std::optional<TimePoint> until) {
  const bool waits = !until || *until != TimePoint::min();
  if (waits && !remoteCalls_->beginWaiting()) until = TimePoint::min();
  backend_->wait(until);
  const InTurn inTurn(*this);
  readClock();
  const std::uint64_t timersBefore = timers_.nextSequence();
  handleSignals();
  makeRemoteCalls();
  makeDueCalls(timersBefore);
  backend_->deliver();
  makeAfterTurnCalls();
}

void Reactor::handleSignals() {
  const std::uint64_t came = parts_->signals ? parts_->signals->take() : 0;
  if (came == 0) return;
  if (stopsOnSignals_) {
    for (int signal : {SIGTERM, SIGINT})
      if ((came & detail::SignalWatch::bit(signal)) != 0) {
        handleStopSignal(signal);
        break;
      }
  }
  if (parts_->signalHandlers) parts_->signalHandlers->deliver(came);
}

void Reactor::handleStopSignal(int signal) {
  const char* const name = signal == SIGINT ? "SIGINT" : "SIGTERM";
  if (exitSignal_ == 0) exitSignal_ = signal;
  if (state_ == State::running) {
    logging::info(fmt::format("Received {}, shutting down.", name));
    state_ = State::stopping;
  } else if (!impatient_) {
    logging::warn(fmt::format("Received {} while shutting down: not waiting any longer.", name));
    impatient_ = true;
  }
}

detail::SignalWatch& Reactor::signals() {
  if (!parts_->signals) parts_->signals = std::make_unique<detail::SignalWatch>(*backend_);
  return *parts_->signals;
}

detail::SignalHandlers& Reactor::signalHandlers() {
  if (!parts_->signalHandlers)
    parts_->signalHandlers = std::make_unique<detail::SignalHandlers>(signals());
  return *parts_->signalHandlers;
}

void Reactor::makeRemoteCalls() {
  remoteCalls_->takeAll(remoteTaken_);
  if (remoteTaken_.empty()) return;
  detail::EndedCalls ended;
  detail::HandlerRow row;
  while (!remoteTaken_.empty()) {
    detail::RemoteItem& item = remoteTaken_.pop();
    const std::source_location where = item.where();
    row.callFor(where, item.what(), [&item, &ended] { item.arrived(ended); }, where);
  }
}

void Reactor::makeDueCalls(std::uint64_t timersBefore) {
  if (timers_.empty()) return;
  while (auto due = timers_.popDue(turnTime_, timersBefore)) {
    detail::callHandlerFor(
        due->where, "while handling a timed call",
        [&] {
          unique_function<void()> call = std::move(due->call);
          call();
        },
        due->where);
  }
}

void Reactor::makeAfterTurnCalls() {
  detail::IntrusiveList<AfterTurn> hooks(std::move(afterTurn_));
  turnBuffer_.send();
  detail::HandlerRow row;
  while (!hooks.empty()) {
    AfterTurn& hook = hooks.popFront();
    row.callFor(hook, "at the end of a turn", [&hook] { hook.afterTurn(); });
  }
}

// Asking for calls.

void Reactor::readClock() noexcept {
  turnTime_ = backend_->now();
  detail::runState.turn = turnTime_.time_since_epoch().count();
}

Reactor::TimePoint Reactor::now() const noexcept { return inTurn_ ? turnTime_ : backend_->now(); }

DelayedCall Reactor::callLater(Duration delay, unique_function<void()> call,
                               std::source_location where) {
  checkThread("callLater");
  if (state_ == State::ended) throw ReactorNotRunning("Reactor::callLater: it has ended");
  return timers_.add(delay, std::move(call), where);
}

void Reactor::callWhenRunning(unique_function<void()> call, std::source_location where) {
  checkThread("callWhenRunning");
  if (!call) throw std::invalid_argument("callWhenRunning: there is nothing to call");
  if (state_ == State::ended) throw ReactorNotRunning("Reactor::callWhenRunning: it has ended");
  if (state_ == State::created)
    whenRunning_.push_back({std::move(call), where});
  else
    call();
}

// Threads.

ThreadPool& Reactor::getThreadPool() {
  checkThread("getThreadPool");
  if (!parts_->threadPool) {
    if (state_ == State::ended) throw ReactorNotRunning("Reactor::getThreadPool: it has ended");
    parts_->threadPool = std::make_unique<ThreadPool>(ThreadPoolOptions{.name = "reactor"});
  }
  return *parts_->threadPool;
}

void Reactor::suggestThreadPoolSize(std::size_t threads) {
  getThreadPool().adjustPoolsize(0, threads);
}

void Reactor::callInThread(unique_function<void()> call, std::source_location where) {
  getThreadPool().callInThread(std::move(call), where);
}

// Watching.

void Reactor::reportStalls(Duration threshold, unique_function<void(const Stall&)> report) {
  checkThread("reportStalls");
  if (threshold <= Duration::zero())
    throw std::invalid_argument("reportStalls: the threshold is not positive");
  if (!report) throw std::invalid_argument("reportStalls: there is nothing to call");
  parts_->stalls = std::make_unique<detail::StallWatch>(marks_, threshold, std::move(report));
}

void Reactor::reportStalls(Duration threshold) {
  reportStalls(threshold, [](const Stall& stall) { logging::warn(stall.toString(), stall.where); });
}

void Reactor::ignoreStalls() {
  checkThread("ignoreStalls");
  parts_->stalls.reset();
}

}  // namespace hawser
