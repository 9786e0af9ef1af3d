#include <hawser/defer/registry.h>

#include <hawser/defer/detail/listing.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace hawser::registry {

using hawser::detail::Consumer;
using hawser::detail::Listing;
using hawser::detail::ListingBlock;
using hawser::detail::Node;
using hawser::detail::NodeState;
using hawser::detail::runState;

namespace {

/// The node that takes the result of `node`, or null at the end of all that waits.
const Node* next(const Node* node) noexcept {
  // A list that has fired: whoever took its result may be gone.
  if (node->state == NodeState::taken) return nullptr;
  switch (node->consumer) {
    case Consumer::next:
    case Consumer::adopter:
    case Consumer::member:
      return node->waiter->holder();
    case Consumer::owner:
    case Consumer::detached:
      break;
  }
  return nullptr;
}

std::vector<Waiting> waitingFor(const Node* source) {
  std::vector<Waiting> result;
  // A row of any length may wait; a reader wants its beginning.
  constexpr std::size_t most = 32;
  const Node* node = source;
  while (node && result.size() < most) {
    if (node->wasReturned) result.push_back({Waiting::Kind::handler, node->returnedBy});
    node = next(node);
    if (node && !node->isSource)
      result.push_back(
          {node->isCoroutine ? Waiting::Kind::coroutine : Waiting::Kind::handler, node->site});
  }
  return result;
}

Pending describe(const Node* source) {
  Pending result{source->site, std::nullopt, waitingFor(source)};
  if (source->isListed()) result.since = std::chrono::nanoseconds(source->listing->since);
  return result;
}

const char* word(Waiting::Kind kind) noexcept {
  return kind == Waiting::Kind::coroutine ? "coroutine" : "handler";
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result += '"';
}

/// What has been made at one place.
struct Group {
  std::source_location made;
  std::size_t count = 0;
  std::chrono::nanoseconds oldest = std::chrono::nanoseconds::max();
  struct Waiters {
    std::vector<Waiting> by;
    std::size_t count = 0;
  };
  std::vector<Waiters> waiters;  // alike ones together
};

bool alike(const std::vector<Waiting>& a, const std::vector<Waiting>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Waiting& x, const Waiting& y) {
    return x.kind == y.kind && x.where.line() == y.where.line() &&
           std::string_view(x.where.file_name()) == y.where.file_name();
  });
}

std::vector<Group> groups() {
  std::map<std::pair<std::string_view, std::uint_least32_t>, Group> bySite;
  for (Pending& chain : pending()) {
    Group& group = bySite[{chain.made.file_name(), chain.made.line()}];
    group.made = chain.made;
    ++group.count;
    group.oldest = std::min(group.oldest, *chain.since);
    auto place = std::find_if(group.waiters.begin(), group.waiters.end(), [&](const auto& waiters) {
      return alike(waiters.by, chain.waiting);
    });
    if (place == group.waiters.end())
      place = group.waiters.insert(place, {std::move(chain.waiting), 0});
    ++place->count;
  }
  std::vector<Group> result;
  result.reserve(bySite.size());
  for (auto& [site, group] : bySite) result.push_back(std::move(group));
  std::sort(result.begin(), result.end(), [](const Group& a, const Group& b) {
    if (a.count != b.count) return a.count > b.count;
    return std::pair(std::string_view(a.made.file_name()), a.made.line()) <
           std::pair(std::string_view(b.made.file_name()), b.made.line());
  });
  return result;
}

double secondsSince(std::chrono::nanoseconds then) {
  return std::chrono::duration<double>(std::chrono::nanoseconds(runState.turn) - then).count();
}

}  // namespace

void enable(bool on) noexcept { runState.lists = on; }
bool enabled() noexcept { return runState.lists; }

std::vector<Pending> pending() {
  std::vector<Pending> result;
  for (const ListingBlock* block = runState.listings; block; block = block->next)
    for (const Listing& listing : block->places)
      if (listing.source) result.push_back(describe(listing.source));
  std::sort(result.begin(), result.end(),
            [](const Pending& a, const Pending& b) { return a.since < b.since; });
  return result;
}

std::optional<Pending> detail::pendingBelow(const Node* tail) {
  while (tail && !tail->isSource) {
    // A handler or a coroutine's body runs: nothing is waited for.
    if (!tail->inner || tail->hasResult()) return std::nullopt;
    tail = tail->inner;
  }
  if (!tail || tail->fired) return std::nullopt;
  return describe(tail);
}

std::string toText() {
  const std::vector<Group> all = groups();
  std::size_t count = 0;
  for (const Group& group : all) count += group.count;
  std::string text = fmt::format("{} pending Deferred{}\n", count, count == 1 ? "" : "s");
  for (const Group& group : all) {
    text += fmt::format("{} made at {}:{}, for up to {:.1f} s\n", group.count,
                        group.made.file_name(), group.made.line(), secondsSince(group.oldest));
    for (const Group::Waiters& waiters : group.waiters) {
      text += fmt::format("  {:>4} x ", waiters.count);
      if (waiters.by.empty()) text += "nobody waits";
      for (std::size_t i = 0; i < waiters.by.size(); ++i) {
        const Waiting& by = waiters.by[i];
        text += fmt::format("{}the {} at {}:{}", i ? ", " : "", word(by.kind), by.where.file_name(),
                            by.where.line());
      }
      text += '\n';
    }
  }
  return text;
}

std::string toJson() {
  std::string text = "[";
  const char* comma = "";
  for (const Group& group : groups()) {
    text += fmt::format(
        R"({}{{"file":{},"line":{},"function":{},"count":{},"oldestSeconds":{:.9f},"waiting":[)",
        std::exchange(comma, ","), quoted(group.made.file_name()), group.made.line(),
        quoted(group.made.function_name()), group.count, secondsSince(group.oldest));
    const char* between = "";
    for (const Group::Waiters& waiters : group.waiters) {
      text += fmt::format(R"({}{{"count":{},"by":[)", std::exchange(between, ","), waiters.count);
      const char* and_ = "";
      for (const Waiting& by : waiters.by)
        text += fmt::format(R"({}{{"kind":"{}","file":{},"line":{}}})", std::exchange(and_, ","),
                            word(by.kind), quoted(by.where.file_name()), by.where.line());
      text += "]}";
    }
    text += "]}";
  }
  return text += "]";
}

}  // namespace hawser::registry
