#pragma once

#include <hawser/base/pool.h>
#include <hawser/defer/detail/node.h>

#include <cstddef>
#include <cstdint>

namespace hawser::detail {

/// A place in the registry of a thread. Places are named by their offset in bytes plus 1, so that a
/// free place can hold the name of the next free one where others hold a pointer.
struct Listing {
  static constexpr std::uint32_t none = 1;

  std::uintptr_t content;
  std::int64_t since;

  /// The place of that name if `source` is there, else null: the registry of a thread may end
  /// before its sources.
  static Listing* of(const Node* source, std::uint32_t place) noexcept {
    const std::uint32_t offset = place - 1;
    if (offset >= runState.listingBytes) return nullptr;
    auto* const listing = reinterpret_cast<Listing*>(runState.listings + offset);
    return listing->content == reinterpret_cast<std::uintptr_t>(source) ? listing : nullptr;
  }
  static const Listing* of(const Node* source) noexcept {
    return source->origin.isListed() ? of(source, source->origin.place()) : nullptr;
  }
  void free(std::uint32_t place) noexcept {
    content = runState.freeListing;
    runState.freeListing = place;
  }
  /// Null if the place is free.
  const Node* source() const noexcept {
    return (content & 1) != 0 ? nullptr : reinterpret_cast<const Node*>(content);
  }
};

/// Lists a source, if there is memory for that.
void list(Node* source) noexcept;

/// When a source fires without prepareFiring, or its `origin` is used for something else.
inline void unlist(Node* source) noexcept {
  if (!source->origin.isListed()) return;
  const std::uint32_t place = source->origin.place();
  if (Listing* const listing = Listing::of(source, place)) listing->free(place);
  source->origin = SourceOrigin::here();
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

}  // namespace hawser::detail
