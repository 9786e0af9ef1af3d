#include <hawser/reactor/shutdown.h>

#include <algorithm>
#include <utility>

namespace hawser {

ShutdownTrigger ShutdownTriggers::add(Phase phase, Call call) {
  entries_.push_back(Entry{++lastNumber_, phase, std::move(call)});
  return ShutdownTrigger(lastNumber_);
}

bool ShutdownTriggers::remove(ShutdownTrigger trigger) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.number == trigger.number_;
  });
  if (found == entries_.end()) return false;
  const Call dropped = std::move(found->call);
  entries_.erase(found);
  return true;
}

ShutdownTriggers::Call ShutdownTriggers::pop(Phase phase) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.phase == phase; });
  if (found == entries_.end()) return {};
  Call call = std::move(found->call);
  entries_.erase(found);
  return call;
}

ShutdownHold ShutdownTriggers::hold() {
  std::shared_ptr<void> held = held_.lock();
  if (!held) held_ = held = std::make_shared<char>();
  return ShutdownHold(std::move(held));
}

}  // namespace hawser
