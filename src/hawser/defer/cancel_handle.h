#pragma once

#include <hawser/defer/detail/handle_block.h>

#include <source_location>
#include <utility>

namespace hawser {

template <class T>
class Deferred;

/// Cancels a chain from afar.
///
/// A Deferred has one owner, who may have given it away: returned it, awaited it, put it into a
/// list. Whoever may have to stop the work (a timer, a button, a scope that closes) takes a
/// CancelHandle with `deferred.cancelHandle()` first. It does not own the chain and does not keep
/// it alive.
///
/// `cancel()` does what the Deferred's own `cancel()` would: it may be called at any time, any
/// number of times, on the chain's thread. The handle follows the chain as handlers are added to
/// it. Once the chain has delivered its result to another one, to a coroutine or to a list, or has
/// ended, the handle does nothing; in particular it never cancels what the receiver does next.
/// Copies stand for the same chain. Default-made, it stands for none.
class CancelHandle {
 public:
  CancelHandle() noexcept = default;
  CancelHandle(const CancelHandle& other) noexcept : block_(other.block_) {
    if (block_) ++block_->references;
  }
  CancelHandle(CancelHandle&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  CancelHandle& operator=(CancelHandle other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~CancelHandle() {
    if (block_) detail::releaseHandle(block_);
  }

  /// @throws whatever the canceller of the chain throws; the chain then stays as it is
  void cancel(std::source_location where = std::source_location::current()) const {
    if (block_ && block_->node) detail::cancelChain(block_->node, where);
  }

  /// Whether there is still a chain to cancel.
  explicit operator bool() const noexcept { return block_ && block_->node; }

 private:
  template <class T>
  friend class Deferred;
  explicit CancelHandle(detail::HandleBlock* block) noexcept : block_(block) {}

  detail::HandleBlock* block_ = nullptr;
};

}  // namespace hawser
