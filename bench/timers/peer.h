#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

// What every library in this comparison is asked to do with a million timers. Each has a file of
// its own here, which registers one Peer.
//
// Each timer adds one to `fired`. Time is not real (fake_time.cpp), so nothing sleeps, and asking
// for it costs nobody anything.

namespace bench {

using Nanoseconds = std::chrono::nanoseconds;

class Timers {
 public:
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;
  virtual ~Timers() = default;

  /// Starts the timers from number `first` on.
  virtual void schedule(std::size_t first, std::span<const Nanoseconds> delays) = 0;
  /// Cancels these timers, which are pending, and lets go of them.
  virtual void cancel(std::span<const std::uint32_t> numbers) = 0;
  /// Lets go of the handles of all timers, where the library lets timers run without.
  virtual void forget() {}
  /// Moves the time, and calls what is due.
  virtual void advance(Nanoseconds by) = 0;

  std::uint64_t fired = 0;
};

struct Peer {
  const char* name;
  const char* version;
  const char* remark;
  /// Room for so many timers. What users of the library hold themselves is made here.
  std::unique_ptr<Timers> (*make)(std::size_t count);
};

/// A peer registers itself: `const Entry entry{{...}};`
struct Entry {
  explicit Entry(const Peer& what) noexcept : peer(what), next(first) { first = this; }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() = default;

  Peer peer;
  Entry* next;
  inline static Entry* first = nullptr;
};

template <class T>
std::unique_ptr<Timers> makeTimers(std::size_t count) {
  return std::make_unique<T>(count);
}

/// The time that clock_gettime tells, of its monotonic clocks, while there is one of these.
class FakeTime {
 public:
  FakeTime() noexcept;
  FakeTime(const FakeTime&) = delete;
  FakeTime& operator=(const FakeTime&) = delete;
  ~FakeTime();
  void advance(Nanoseconds by) noexcept;
};

}  // namespace bench
