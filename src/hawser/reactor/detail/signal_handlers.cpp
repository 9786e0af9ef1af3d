#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/signal_handlers.h>
#include <hawser/reactor/signals.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hawser::detail {

std::shared_ptr<SignalEntry> SignalHandlers::add(int signal, unique_function<void(int)> call,
                                                 std::source_location where) {
  auto entry = std::make_shared<SignalEntry>(SignalEntry{this, signal, std::move(call), where});
  entries_.push_back(entry);
  try {
    watch_.add(signal);
  } catch (...) {
    entries_.pop_back();
    throw;
  }
  return entry;
}

void SignalHandlers::remove(const std::shared_ptr<SignalEntry>& entry) noexcept {
  entry->owner = nullptr;
  watch_.remove(entry->signal);
  const auto place = std::ranges::find(entries_, entry);
  if (delivering_)
    place->reset();
  else
    entries_.erase(place);
}

// Without memory: a signal that was taken must reach its handlers.
void SignalHandlers::deliver(std::uint64_t came) {
  delivering_ = true;
  const std::size_t present = entries_.size();
  for (std::size_t i = 0; i < present; ++i) {
    const std::shared_ptr<SignalEntry> entry = entries_[i];
    if (!entry || (came & SignalWatch::bit(entry->signal)) == 0) continue;
    callHandlerFor(
        entry->where, "while handling a signal", [&] { entry->call(entry->signal); }, entry->where);
  }
  delivering_ = false;
  std::erase(entries_, nullptr);
}

void SignalHandlers::clear() noexcept {
  while (!entries_.empty()) {
    const auto entry = std::move(entries_.back());
    entries_.pop_back();
    entry->owner = nullptr;
    watch_.remove(entry->signal);
    // What it holds may hold the entry in turn.
    const unique_function<void(int)> call = std::move(entry->call);
  }
}

}  // namespace hawser::detail
