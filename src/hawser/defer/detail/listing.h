#pragma once

#include <hawser/base/pool.h>
#include <hawser/defer/detail/node.h>

#include <cstddef>
#include <cstdint>

namespace hawser::detail {

/// A place in the registry of a thread, for a source or free.
struct Listing {
  Node* source;  // null: free
  union {
    std::int64_t since;
    Listing* nextFree;
  };
};

/// Lists a source, if there is memory for that.
void list(Node* source) noexcept;

/// When a source fires without prepareFiring, or is put in a queue.
inline void unlist(Node* source) noexcept {
  if (!source->isListed()) return;
  Listing* const listing = source->listing;
  listing->source = nullptr;
  listing->nextFree = runState.freeListing;
  runState.freeListing = listing;
  source->inner = nullptr;
  source->thread = &runState;
}

/// A source that was just made, and listed if the registry is enabled.
template <class Source>
[[gnu::always_inline]] inline Source* listed(Source* source) noexcept {
  if (runState.lists) [[unlikely]]
    list(source);
  return source;
}

/// Makes a source in a block of `bytes`, which freeSource frees: `build` makes it at the address
/// that it is given.
template <class Build>
[[gnu::always_inline]] inline auto* makeSource(std::size_t bytes, Build build) {
  void* const block = poolAllocate(bytes);
  if constexpr (noexcept(build(block))) {
    return build(block);
  } else {
    try {
      return build(block);
    } catch (...) {
      poolFree(block, bytes);
      throw;
    }
  }
}

/// `bytes` is what makeSource was given. Does not call the destructor.
inline void freeSource(Node* source, std::size_t bytes) noexcept {
  unlist(source);
  poolFree(source, bytes);
}

/// Places are made many at a time, and stay where they are as long as their thread runs.
struct ListingBlock {
  static constexpr std::size_t size = 255;

  ListingBlock* next;
  Listing places[size];
};

}  // namespace hawser::detail
