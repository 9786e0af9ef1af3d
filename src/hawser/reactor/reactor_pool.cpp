#include <hawser/reactor/reactor_pool.h>

#include <hawser/defer/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/reactor_group.h>
#include <hawser/reactor/errors.h>

#include <fmt/format.h>

#include <stdexcept>

namespace hawser {

namespace {

template <class Count>
std::size_t sumOf(const ReactorPoolReport& report, Count count) noexcept {
  std::size_t sum = 0;
  for (const ReactorPoolReport::Member& member : report.reactors) sum += member.*count;
  return sum;
}

bool isClean(const ReactorPoolReport::Member& member) noexcept {
  return member.ended && !member.failure && member.aborted == 0 && member.abandoned == 0;
}

}  // namespace

std::size_t ReactorPoolReport::drained() const noexcept { return sumOf(*this, &Member::drained); }
std::size_t ReactorPoolReport::aborted() const noexcept { return sumOf(*this, &Member::aborted); }
std::size_t ReactorPoolReport::abandoned() const noexcept {
  return sumOf(*this, &Member::abandoned);
}

bool ReactorPoolReport::clean() const noexcept {
  for (const Member& member : reactors)
    if (!isClean(member)) return false;
  return true;
}

std::string ReactorPoolReport::toString() const {
  std::string text = fmt::format(
      "Reactors: {}; connections that ended by themselves: {}, aborted: {}; Deferreds abandoned: "
      "{}.",
      reactors.size(), drained(), aborted(), abandoned());
  for (std::size_t i = 0; i < reactors.size(); ++i) {
    const Member& member = reactors[i];
    if (!member.ended)
      text += fmt::format(" Reactor {} has not ended: a handler has not returned{}.", i,
                          member.heldBy.empty() ? "" : ", " + member.heldBy);
    else if (member.failure)
      text += fmt::format(" Reactor {} failed: {}.", i, member.failure.getErrorMessage());
    else if (member.byItself)
      text += fmt::format(" Reactor {} ended by itself.", i);
    if (member.aborted != 0 || member.abandoned != 0)
      text += fmt::format(" Reactor {}: connections aborted: {}, Deferreds abandoned: {}.", i,
                          member.aborted, member.abandoned);
  }
  return text;
}

ReactorPool::ReactorPool(std::size_t reactors, ReactorPoolOptions options) {
  if (reactors == 0) throw std::invalid_argument("ReactorPool: there must be a reactor at least");
  group_ = std::make_shared<detail::ReactorGroup>(reactors, std::move(options));
}

ReactorPool::~ReactorPool() { group_->end(); }

Deferred<void> ReactorPool::startWith(Reactor& home, SetUp setUp) {
  return group_->start(home, std::move(setUp));
}

Deferred<void> ReactorPool::start(Reactor& home) { return startWith(home, {}); }

Deferred<ReactorPoolReport> ReactorPool::stop(std::chrono::nanoseconds drain,
                                              std::source_location where) {
  return group_->stop(drain, where);
}

Deferred<ReactorPoolReport> ReactorPool::stop(std::source_location where) {
  return group_->stop(group_->options().drain, where);
}

ReactorPoolReport ReactorPool::runWith(SetUp begin) {
  if (!group_->idle()) throw ReactorNotRestartable("ReactorPool::run: it was started before");
  Failure failed = Failure::none();
  int signal = 0;
  {
    const std::string& backend = group_->options().backend;
    Reactor home(backend.empty() ? nullptr : makeBackend(backend));
    CancelHandle beginning;
    const auto stopHome = [&home] {
      if (home.running() && !home.stopping()) home.stop();
    };
    struct Leaving {
      ~Leaving() { group.leaveHome(); }
      detail::ReactorGroup& group;
    } const leaving{*group_};
    group_->setOnOver(stopHome);
    home.addSystemEventTrigger(Phase::before, [&beginning] { beginning.cancel(); });
    home.callWhenRunning([&] {
      Deferred<void> begun = startWith(home, {}).addCallback([&] { return begin(home); });
      beginning = begun.cancelHandle();
      std::move(begun).addErrback([&](const Failure& why) {
        // What was cancelled since the program is to end is no failure.
        if (!home.stopping() || !why.check<CancelledError, AbandonedError>()) failed = why;
        stopHome();
      });
    });
    home.run();
    signal = home.exitSignal();
    group_->stopAndWait();
  }
  if (failed) failed.raise();
  ReactorPoolReport report = group_->report();
  report.exitSignal = signal;
  return report;
}

std::size_t ReactorPool::size() const noexcept { return group_->size(); }
Reactor& ReactorPool::reactor(std::size_t number) const { return group_->reactor(number); }
Reactor& ReactorPool::home() const { return group_->home(); }

}  // namespace hawser
