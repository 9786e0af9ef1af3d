#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/signal_handlers.h>
#include <hawser/reactor/signals.h>

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
  std::erase(entries_, entry);
}

void SignalHandlers::deliver(std::uint64_t came) {
  const std::vector<std::shared_ptr<SignalEntry>> present = entries_;
  for (const auto& entry : present) {
    if ((came & SignalWatch::bit(entry->signal)) == 0 || !entry->owner) continue;
    callHandlerFor(
        entry->where, "while handling a signal", [&] { entry->call(entry->signal); }, entry->where);
  }
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
