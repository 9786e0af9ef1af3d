#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/value_list.h>
#include <hawser/defer/detail/wait_list.h>
#include <hawser/defer/errors.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <utility>

namespace hawser {

/// Values on their way from those who make them to those who use them (Twisted's `DeferredQueue`).
///
///     DeferredQueue<Job> jobs(100);
///
///     Deferred<void> worker(DeferredQueue<Job>& jobs) {
///       for (;;) co_await work(co_await jobs.get());
///     }
///     ...
///     jobs.put(std::move(job));
///
/// A value that is put goes to who waits first, or is kept until somebody gets it. Both sides can
/// be limited: how many values are kept (`size`), and how many may wait for one (`backlog`). T may
/// be move-only.
///
/// **Order.** First come, first served, inside the `put()` that makes it possible. (After 256 of
/// them inside one another, further ones wait for the innermost to return.)
///
/// **Lifetime.** When the queue dies, its values do too, and whoever waits fails with
/// AbandonedError: at once, or when the outermost handler that runs returns.
///
/// It belongs to one thread.
template <class T>
class DeferredQueue {
  static_assert(!std::is_void_v<T>,
                "DeferredQueue<void>: a queue holds values; to count events, use a "
                "DeferredSemaphore");

 public:
  static constexpr std::size_t unlimited = SIZE_MAX;

  explicit DeferredQueue(std::size_t size = unlimited, std::size_t backlog = unlimited) noexcept
      : size_(size), backlog_(backlog) {}
  DeferredQueue(const DeferredQueue&) = delete;
  DeferredQueue& operator=(const DeferredQueue&) = delete;
  ~DeferredQueue() {
    const detail::HandlerScope scope;
    while (detail::WaitLink* first = waiting_.first()) detail::abandon(first);
  }

  /// Gives `value` to who waits first, whose handlers run inside this call, or keeps it. A value
  /// for somebody who waits never counts against `size`. The queue may be destroyed meanwhile.
  /// @throws QueueOverflow if it holds as many as it may; `value` is as before then
  template <class V = T>
    requires(std::convertible_to<V &&, T>)
  void put(V&& value, std::source_location where = std::source_location::current()) {
    if (detail::WaitLink* first = waiting_.first()) {
      auto* getter = static_cast<detail::Waiting<T>*>(first);
      getter->prepareValue(std::forward<V>(value));
      waiting_.remove(first);
      return detail::serve(getter, where);
    }
    if (values_.size() >= size_) throw QueueOverflow();
    values_.append(std::forward<V>(value));
  }

  /// Fires with the next value: at once if there is one. Cancelling leaves the row, and fails with
  /// CancelledError. A Deferred that is dropped while it waits takes a value all the same.
  /// @throws QueueUnderflow if as many wait as may
  [[nodiscard]] Deferred<T> get(std::source_location where = std::source_location::current()) {
    if (values_.size() != 0) return Deferred<T>(values_.takeFirst(), where);
    if (waiting_.size() >= backlog_) throw QueueUnderflow();
    return detail::Waiting<T>::join(waiting_, detail::Wants::token, where);
  }

  /// How many values it holds, and how many it may.
  std::size_t pending() const noexcept { return values_.size(); }
  std::size_t size() const noexcept { return size_; }
  /// How many wait for a value, and how many may.
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t backlog() const noexcept { return backlog_; }

 private:
  detail::ValueList<T> values_;
  detail::WaitList waiting_;
  std::size_t size_;
  std::size_t backlog_;
};

}  // namespace hawser
