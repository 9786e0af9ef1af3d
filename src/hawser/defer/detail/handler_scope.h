#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <utility>

namespace hawser::detail {

struct Node;
struct Listing;
struct ListingBlock;

/// Where the chain that runs now was made and fired, for tracebacks.
struct RunSites {
  std::source_location made;
  std::source_location fired;
};

/// What one thread's chains have in common. Its address also tells threads apart.
struct RunState {
  std::uint32_t depth;    // handlers and reactor callbacks entered and not left
  const RunSites* sites;  // of the innermost run, or null
  Node* firstAbandoned;   // waiting for the outermost handler to return
  Node* lastAbandoned;
  ListingBlock* listings;  // the registry
  Listing* freeListing;    // a place of it for the next source
  bool lists;              // whether new sources are listed
  std::int64_t turn;       // when the present turn began, in nanoseconds of its clock
};

extern constinit thread_local RunState runState __attribute__((tls_model("initial-exec")));

/// Fails what was abandoned; returns how many Deferreds that were.
std::size_t deliverAbandoned() noexcept;

/// Says for a time where the chain that runs was made and fired; null: nobody knows.
class RunSitesScope {
 public:
  explicit RunSitesScope(const RunSites* sites) noexcept
      : previous_(std::exchange(runState.sites, sites)) {}
  RunSitesScope(const RunSitesScope&) = delete;
  RunSitesScope& operator=(const RunSitesScope&) = delete;
  ~RunSitesScope() { runState.sites = previous_; }

 private:
  const RunSites* previous_;
};

/// Marks the time in which user code runs on behalf of a chain or of the reactor. A Resolver that
/// is destroyed unfired meanwhile must not run handlers inside its destructor: they run when the
/// outermost scope ends.
class HandlerScope {
 public:
  HandlerScope() noexcept { ++runState.depth; }
  HandlerScope(const HandlerScope&) = delete;
  HandlerScope& operator=(const HandlerScope&) = delete;
  ~HandlerScope() {
    --runState.depth;
    if (runState.firstAbandoned && runState.depth == 0) [[unlikely]]
      deliverAbandoned();
  }
};

}  // namespace hawser::detail
