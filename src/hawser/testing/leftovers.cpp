#include <hawser/testing/leftovers.h>

#include <hawser/defer/registry.h>

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace hawser::testing {

namespace {

/// What each open descriptor is, as the kernel names it; nothing where it does not tell.
std::map<int, std::string> openDescriptors() {
  namespace fs = std::filesystem;
  std::map<int, std::string> open;
  std::error_code error;
  for (fs::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry->path(), gone);
    if (!gone) open.emplace(std::atoi(entry->path().filename().c_str()), target.string());
  }
  // The one that was used for looking is closed by now.
  std::erase_if(open, [](const auto& each) {
    std::error_code gone;
    return !fs::is_symlink(fmt::format("/proc/self/fd/{}", each.first), gone);
  });
  return open;
}

std::string place(const std::source_location& where) {
  return fmt::format("{}:{}", where.file_name(), where.line());
}

std::string describe(const registry::Pending& pending) {
  std::string text = fmt::format("a Deferred waits still; it was made at {}", place(pending.made));
  for (const registry::Waiting& waiting : pending.waiting)
    text += fmt::format(
        "; {} at {} waits for it",
        waiting.kind == registry::Waiting::Kind::handler ? "the handler added" : "the coroutine",
        place(waiting.where));
  return text;
}

}  // namespace

Leftovers::Leftovers()
    : registryWasEnabled_(registry::enabled()),
      pending_(pendingPlaces()),
      descriptors_(openDescriptors()) {
  registry::enable();
}

Leftovers::~Leftovers() { registry::enable(registryWasEnabled_); }

Leftovers::Places Leftovers::pendingPlaces() {
  Places places;
  for (const registry::Pending& each : registry::pending())
    ++places[{each.made.file_name(), each.made.line()}];
  return places;
}

std::vector<std::string> Leftovers::find() {
  std::vector<std::string> found;
  findErrors(found);
  findPending(found);
  findDescriptors(found);
  return found;
}

void Leftovers::findErrors(std::vector<std::string>& found) {
  for (const Failure& failure : errors_.flush())
    found.push_back(fmt::format("an error was logged, and not flushed: {}: {}\n{}",
                                failure.typeName(), failure.getErrorMessage(),
                                failure.getTraceback()));
}

void Leftovers::findPending(std::vector<std::string>& found) {
  Places before = pending_;
  for (const registry::Pending& each : registry::pending()) {
    std::size_t& known = before[{each.made.file_name(), each.made.line()}];
    if (known > 0)
      --known;
    else
      found.push_back(describe(each));
  }
}

void Leftovers::findDescriptors(std::vector<std::string>& found) {
  for (const auto& [descriptor, target] : openDescriptors()) {
    const auto before = descriptors_.find(descriptor);
    if (before == descriptors_.end() || before->second != target)
      found.push_back(fmt::format("descriptor {} is open still: {}", descriptor, target));
  }
}

std::vector<std::string> describeTimers(const std::vector<DelayedCall>& calls,
                                        DelayedCall::TimePoint now) {
  std::vector<std::string> sentences;
  sentences.reserve(calls.size());
  for (const DelayedCall& call : calls)
    sentences.push_back(fmt::format(
        "a timed call is pending still; it was asked for at {} and is due in {} s",
        place(call.where()), std::chrono::duration<double>(call.getTime() - now).count()));
  return sentences;
}

}  // namespace hawser::testing
