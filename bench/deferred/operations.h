#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// What every library in this comparison is asked to do. Each has a file of its own here, which
// fills in one Peer; what it cannot do stays null and is left out by name.
//
// All values are `int`, all callbacks add one, all errors are made once per operation. Whoever
// makes a pair fires it later by hand: no reactor, no threads, the cheapest executor the library
// has.

namespace bench {

using Repeat = void (*)(std::uint64_t times);

struct Peer {
  const char* name;
  const char* version;
  /// Why some operations are left out.
  const char* without = "";

  /// A value that is there already, one callback, its result.
  Repeat ready = nullptr;
  /// A pending pair, one callback, fired.
  Repeat one = nullptr;
  /// The same with ten callbacks.
  Repeat ten = nullptr;
  /// A pending pair whose callback returns another pending one; both are fired.
  Repeat flatten = nullptr;
  /// A pending pair with one handler for errors of any kind, failed.
  Repeat errorFirst = nullptr;
  /// The same with a handler for one type of exception, by its base.
  Repeat errorTyped = nullptr;
  /// Ten callbacks that the error passes, then the handler.
  Repeat errorTen = nullptr;
  /// 1,000 pending pairs joined into one, each fired in turn.
  Repeat gather = nullptr;
  /// A coroutine that awaits what is ready and returns it plus one.
  Repeat awaitReady = nullptr;
  /// `times` ready ones, each awaited by one coroutine that runs all the time.
  Repeat awaitInside = nullptr;
  /// A coroutine that awaits a pending one, which is then fired.
  Repeat awaitPending = nullptr;
  /// A semaphore of ten over 1,000 jobs, each pending until it is fired in turn.
  Repeat semaphore = nullptr;
  /// `times` steps, each a pending pair whose callback starts the next step and returns its
  /// promise.
  Repeat loop = nullptr;
  /// `times` steps in one coroutine, each awaiting a pending pair.
  Repeat loopAwait = nullptr;

  /// Makes `count` pending pairs with one callback each; `mark` is called before the first and
  /// after the last. Containers are made before that.
  void (*hold)(std::size_t count, void (*mark)()) = nullptr;
  /// The two ends as the user holds them, in bytes; `hold` shows what lies behind them.
  std::size_t handles = 0;

  /// Around everything that is measured of this peer.
  void (*enter)() = nullptr;
  void (*leave)() = nullptr;
};

struct Operation {
  const char* name;
  Repeat Peer::* repeat;
  /// What one of `times` consists of; figures are per item.
  std::uint64_t items;
  const char* what;
};

inline constexpr std::uint64_t manyItems = 1000;
inline constexpr std::uint64_t loopSteps = 1'000'000;

inline constexpr std::array operations{
    Operation{"ready", &Peer::ready, 1, "ready value, one callback"},
    Operation{"one", &Peer::one, 1, "make, add one, fire"},
    Operation{"ten", &Peer::ten, 1, "make, add ten, fire"},
    Operation{"flatten", &Peer::flatten, 1, "a handler returns a pending one"},
    Operation{"error_first", &Peer::errorFirst, 1, "error, handled first"},
    Operation{"error_typed", &Peer::errorTyped, 1, "error, handled first by its type"},
    Operation{"error_ten", &Peer::errorTen, 1, "error past ten links"},
    Operation{"gather", &Peer::gather, manyItems, "gather of 1,000, per item"},
    Operation{"await_ready", &Peer::awaitReady, 1, "a coroutine that awaits a ready one"},
    Operation{"await_inside", &Peer::awaitInside, 1, "`co_await` a ready one"},
    Operation{"await_pending", &Peer::awaitPending, 1, "`co_await` a pending one, fire"},
    Operation{"semaphore", &Peer::semaphore, manyItems, "semaphore of 10, 1,000 jobs, per job"},
    Operation{"loop", &Peer::loop, 1, "loop of promises, per step"},
    Operation{"loop_await", &Peer::loopAwait, 1, "loop in a coroutine, per step"},
};

/// A peer registers itself: `const Entry entry{{.name = ...}};`
struct Entry {
  explicit Entry(const Peer& what) noexcept : peer(what), next(first) { first = this; }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() = default;

  Peer peer;
  Entry* next;
  inline static Entry* first = nullptr;
};

/// Hides a value's origin from the optimizer.
template <class T>
inline void opaque(T& value) {
  asm volatile("" : "+r,m"(value) : : "memory");
}

/// Between the steps of an operation: in a program they happen in functions far apart, so nothing
/// that lies in memory is known in advance.
inline void elsewhere() { asm volatile("" : : : "memory"); }

}  // namespace bench
