#include <hawser/defer/scope.h>

#include <hawser/base/logging.h>
#include <hawser/base/result.h>
#include <hawser/defer/cancel_handle.h>
#include <hawser/defer/errors.h>
#include <hawser/defer/race.h>
#include <hawser/defer/shared_deferred.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <list>
#include <string>
#include <utility>

namespace hawser {

namespace detail {

struct ScopeMember {
  std::source_location where;
  CancelHandle handle{};
  bool cancelled = false;
};

struct ScopeState {
  using Members = std::list<ScopeMember>;

  explicit ScopeState(std::source_location place) noexcept : made(place) {}

  bool empty() const noexcept { return running.empty() && cancelled.empty(); }

  /// The exceptions of cancellers are logged: whoever closes has others to cancel.
  void cancel(Members::iterator member, std::source_location where) {
    cancelled.splice(cancelled.end(), running, member);
    member->cancelled = true;
    const CancelHandle handle = member->handle;
    try {
      handle.cancel(where);
    } catch (...) {
      logging::err(Failure::current(), "the canceller of a member threw while its Scope was closed",
                   where);
    }
  }

  void remove(Members::iterator member) {
    (member->cancelled ? cancelled : running).erase(member);
    if (empty() && allGone) std::exchange(allGone, {}).callback(made);
  }

  std::source_location made;
  Members running;    // and not cancelled
  Members cancelled;  // and still running
  bool closing = false;
  Resolver<void> allGone;  // of `end`, while somebody waits for that
  SharedDeferred<void> end;
};

namespace {

bool comesFromCancelling(const Failure& why) {
  if (why.check<CancelledError>()) return true;
  if (const auto* first = why.get<FirstError>()) return comesFromCancelling(first->subFailure);
  if (const auto* group = why.get<FailureGroup>())
    return std::ranges::all_of(group->failures(), comesFromCancelling);
  return false;
}

/// The last handler of a member. It goes unused if the chain could never end: if it was paused.
class MemberEnd {
 public:
  MemberEnd(std::shared_ptr<ScopeState> state, ScopeState::Members::iterator member) noexcept
      : state_(std::move(state)), member_(member) {}
  MemberEnd(MemberEnd&&) noexcept = default;
  ~MemberEnd() {
    if (state_) state_->remove(member_);
  }

  void operator()(const Result<void>& how) {
    const auto state = std::move(state_);
    if (!how) {
      const Failure& why = how.failure();
      const bool expected =
          why.check<ObjectGoneError>() || (member_->cancelled && comesFromCancelling(why));
      if (!expected) logging::err(why, "a Deferred in a Scope failed", member_->where);
    }
    state->remove(member_);
  }

 private:
  std::shared_ptr<ScopeState> state_;
  ScopeState::Members::iterator member_;
};

std::string textOf(const std::source_location& place) {
  return fmt::format("{}:{}", place.file_name(), place.line());
}

}  // namespace
}  // namespace detail

Scope::Scope(std::source_location made) : state_(std::make_shared<detail::ScopeState>(made)) {}

Scope::~Scope() {
  if (empty()) return;
  try {
    std::string text = fmt::format(
        "the Scope made at {} was destroyed while {} of its Deferreds were running, added at",
        detail::textOf(state_->made), size());
    for (const std::source_location& place : sites()) text += " " + detail::textOf(place);
    logging::warn(text, state_->made);
  } catch (...) {
    logging::warn("a Scope was destroyed while its Deferreds were running", state_->made);
  }
}

void Scope::add(Deferred<void> running, std::source_location where) {
  if (running.state() == DeferredState::empty)
    throw EmptyDeferredError("a Deferred that was moved from was added to a Scope");
  const std::shared_ptr<detail::ScopeState> state = state_;
  state->running.push_back({where});
  const auto member = std::prev(state->running.end());
  // From here on the handler sees to it that the member goes, also if it is only destroyed.
  detail::MemberEnd ending(state, member);
  Deferred<void> end = std::move(running).addBoth(std::move(ending), where);
  if (end.state() != DeferredState::pending) return;
  member->handle = end.cancelHandle(where);
  if (state->closing) state->cancel(member, where);
}

Deferred<void> Scope::close(std::source_location where) {
  const std::shared_ptr<detail::ScopeState> state = state_;
  if (!std::exchange(state->closing, true))
    while (!state->running.empty()) state->cancel(state->running.begin(), where);
  if (state->empty()) return succeed();
  if (!state->allGone) {
    auto [end, allGone] = makeDeferred<void>(where);
    state->end = SharedDeferred<void>(std::move(end), WhenUnwanted::goOn, where);
    state->allGone = std::move(allGone);
  }
  return state->end.get(where);
}

std::size_t Scope::size() const noexcept {
  return state_->running.size() + state_->cancelled.size();
}

bool Scope::closed() const noexcept { return state_->closing; }

std::vector<std::source_location> Scope::sites() const {
  std::vector<std::source_location> places;
  places.reserve(size());
  for (const detail::ScopeMember& member : state_->cancelled) places.push_back(member.where);
  for (const detail::ScopeMember& member : state_->running) places.push_back(member.where);
  return places;
}

}  // namespace hawser
