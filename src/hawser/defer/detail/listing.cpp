#include <hawser/defer/detail/listing.h>

#include <cstddef>
#include <new>

namespace hawser::detail {

namespace {

/// Ends the registry with the thread. Sources may be left; they forget that they were listed.
struct RegistryOfThread {
  RegistryOfThread() noexcept = default;
  RegistryOfThread(const RegistryOfThread&) = delete;
  RegistryOfThread& operator=(const RegistryOfThread&) = delete;
  ~RegistryOfThread() {
    runState.lists = false;
    while (ListingBlock* const block = runState.listings) {
      for (const Listing& listing : block->places)
        if (listing.source) unlist(listing.source);
      runState.listings = block->next;
      delete block;
    }
    runState.freeListing = nullptr;
  }
};

[[gnu::noinline]] void listInNewPlace(Node* source) noexcept {
  static thread_local RegistryOfThread ends;
  auto* const block = new (std::nothrow) ListingBlock;
  if (!block) return;
  block->next = runState.listings;
  runState.listings = block;
  for (Listing& place : block->places) {
    place.source = nullptr;
    place.nextFree = runState.freeListing;
    runState.freeListing = &place;
  }
  list(source);
}

}  // namespace

void list(Node* source) noexcept {
  Listing* const listing = runState.freeListing;
  if (!listing) [[unlikely]]
    return listInNewPlace(source);
  runState.freeListing = listing->nextFree;
  listing->source = source;
  listing->since = runState.turn;
  source->listing = listing;
  source->thread = Node::listedHere();
}

}  // namespace hawser::detail
