#pragma once

#include <hawser/base/pool.h>
#include <hawser/defer/detail/node.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace hawser::detail {

/// A place in the registry's list of a thread, in front of a source.
struct alignas(std::max_align_t) Listing {
  Listing* next;
  Listing** place;  // what points here
  std::int64_t since;
  std::size_t granules = 0;  // of the block, if freeing that is all there is to do in the end

  Listing() noexcept : next(runState.listed), place(&runState.listed), since(runState.turn) {
    if (next) next->place = &next;
    runState.listed = this;
  }
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;
  ~Listing() {
    *place = next;
    if (next) next->place = place;
  }

  static Listing& of(Node* source) noexcept { return *(reinterpret_cast<Listing*>(source) - 1); }
  const Node* node() const noexcept { return reinterpret_cast<const Node*>(this + 1); }
};

template <class Build>
[[gnu::noinline]] auto* makeListed(std::size_t bytes, Build build) {
  auto* const block = static_cast<std::byte*>(poolAllocate(sizeof(Listing) + bytes));
  try {
    auto* const source = build(static_cast<void*>(block + sizeof(Listing)));
    auto* const listing = ::new (static_cast<void*>(block)) Listing;
    const std::size_t granules = poolClassOf(sizeof(Listing) + bytes);
    if (source->granules != 0 && granules <= poolClassOf(poolLargestBlock))
      listing->granules = granules;
    source->listed = true;
    source->granules = 0;
    return source;
  } catch (...) {
    poolFree(block, sizeof(Listing) + bytes);
    throw;
  }
}

/// Makes a source in a block of `bytes`, which freeSource frees: `build` makes it at the address
/// that it is given. While the registry is enabled, a Listing lies before the source.
template <class Build>
[[gnu::always_inline]] inline auto* makeSource(std::size_t bytes, Build build) {
  if (runState.lists) [[unlikely]]
    return makeListed(bytes, build);
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
  if (!source->listed) return poolFree(source, bytes);
  Listing& listing = Listing::of(source);
  listing.~Listing();
  poolFree(&listing, sizeof(Listing) + bytes);
}

}  // namespace hawser::detail
