#include <hawser/defer/detail/listing.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace hawser::detail {

namespace {

/// The places of a thread. When it ends, sources may be left; those find that there are none.
struct Listings {
  std::unique_ptr<Listing[]> places;

  Listings() noexcept = default;
  Listings(const Listings&) = delete;
  Listings& operator=(const Listings&) = delete;
  ~Listings() {
    runState.listings = nullptr;
    runState.listingBytes = 0;
    runState.freeListing = Listing::none;
    runState.lists = false;
  }
};

constexpr std::uint32_t firstCount = 256;
// A place has to have a name.
constexpr std::uint32_t mostCount = UINT32_MAX / sizeof(Listing);

[[gnu::noinline]] void listInNewPlace(Node* source) noexcept {
  static thread_local Listings all;
  const std::uint32_t before = runState.listingBytes / sizeof(Listing);
  if (before > mostCount / 2) return;
  const std::uint32_t after = std::max(2 * before, firstCount);
  std::unique_ptr<Listing[]> places(new (std::nothrow) Listing[after]);
  if (!places) return;
  std::copy_n(reinterpret_cast<const Listing*>(runState.listings), before, places.get());
  // The first one's name stands for none.
  const std::uint32_t first = std::max(before, 1u);
  const auto nameOf = [](std::uint32_t place) {
    return place * static_cast<std::uint32_t>(sizeof(Listing)) + 1;
  };
  places[0] = {Listing::none, 0};
  for (std::uint32_t place = first; place < after; ++place)
    places[place] = {place + 1 < after ? nameOf(place + 1) : Listing::none, 0};
  all.places = std::move(places);
  runState.listings = reinterpret_cast<std::byte*>(all.places.get());
  runState.listingBytes = after * static_cast<std::uint32_t>(sizeof(Listing));
  runState.freeListing = nameOf(first);
  list(source);
}

}  // namespace

void list(Node* source) noexcept {
  const std::uint32_t place = runState.freeListing;
  if (place <= Listing::none) [[unlikely]]
    return listInNewPlace(source);
  auto* const listing = reinterpret_cast<Listing*>(runState.listings + (place - 1));
  runState.freeListing = static_cast<std::uint32_t>(listing->content);
  *listing = {reinterpret_cast<std::uintptr_t>(source), runState.turn};
  source->origin = SourceOrigin::listedAt(place);
}

}  // namespace hawser::detail
