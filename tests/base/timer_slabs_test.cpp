#include "base/heap_limit.h"

#include <hawser/base/delayed_call.h>
#include <hawser/base/timer_slabs.h>
#include <hawser/config.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <new>
#include <random>
#include <set>
#include <source_location>
#include <vector>

namespace hawser::tests {
namespace {

using detail::TimerEntry;
using detail::TimerSlabs;

class SlabOwner final : public detail::TimerOwner {
 public:
  TimerSlabs slabs{*this};

  TimerEntry* make() {
    return slabs.make([] {}, std::source_location::current());
  }

  void cancelEntry(TimerEntry&) override {}
  void moveEntry(TimerEntry&, TimerEntry::TimePoint) override {}
  TimerEntry::TimePoint timeNow() const override { return {}; }
};

TEST(TimerSlabs, knowTheirOwner) {
  SlabOwner owner;
  TimerEntry* const entry = owner.make();
  EXPECT_EQ(&entry->owner(), &owner);
  TimerSlabs::release(entry);
}

TEST(TimerSlabs, handOutNoEntryTwice) {
  SlabOwner owner;
  std::mt19937 random(5);
  std::set<TimerEntry*> used;
  for (const std::size_t target : {3'000u, 1u, 2'000u, 0u, 5'000u, 4'000u, 4'500u, 0u}) {
    while (used.size() < target) {
      TimerEntry* const made = owner.make();
      EXPECT_TRUE(used.insert(made).second);
      made->details().sequence = random();
    }
    while (used.size() > target) {
      const auto some =
          std::next(used.begin(), static_cast<std::ptrdiff_t>(random() % 7 % used.size()));
      TimerSlabs::release(*some);
      used.erase(some);
    }
  }
}

TEST(TimerSlabs, anEntryMayOutliveThem) {
  std::vector<TimerEntry*> entries;
  {
    SlabOwner owner;
    for (int i = 0; i < 2'000; ++i) entries.push_back(owner.make());
    for (int i = 0; i < 1'000; ++i) {
      TimerSlabs::release(entries.back());
      entries.pop_back();
    }
  }
  for (TimerEntry* entry : entries) {
    EXPECT_EQ(entry->references, 1u);
    TimerSlabs::release(entry);
  }
}

#if HAWSER_POOL

TEST(TimerSlabs, anEntryThatIsFreedIsTheNextOne) {
  SlabOwner owner;
  std::vector<TimerEntry*> entries;
  for (int i = 0; i < 1'000; ++i) entries.push_back(owner.make());
  TimerSlabs::release(entries[17]);
  EXPECT_EQ(owner.make(), entries[17]);
  for (TimerEntry* entry : entries) TimerSlabs::release(entry);
}

#else

TEST(TimerSlabs, withoutMemoryNothingHasChanged) {
  SlabOwner owner;
  TimerEntry* const first = owner.make();
  {
    const HeapLimit none(0);
    EXPECT_THROW(owner.make(), std::bad_alloc);
  }
  TimerEntry* const second = owner.make();
  TimerSlabs::release(first);
  TimerSlabs::release(second);
}

#endif

}  // namespace
}  // namespace hawser::tests
