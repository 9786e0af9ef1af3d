#pragma once

#include <hawser/base/failure.h>

#include <cstddef>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>

namespace hawser {

/// The Deferred was cancelled (Twisted's `CancelledError`).
class CancelledError : public std::exception {
 public:
  const char* what() const noexcept override;
};

/// It took too long. `addTimeout` gives this unless told otherwise (Twisted's `TimeoutError`).
class TimeoutError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~TimeoutError() override;
};

/// A Resolver was fired for the second time (Twisted's `AlreadyCalledError`). Thrown to whoever
/// fired; the chain never sees it.
class AlreadyCalledError : public std::logic_error {
 public:
  AlreadyCalledError();
  ~AlreadyCalledError() override;
};

/// The only Resolver of a Deferred was destroyed before it fired, so nobody could ever fire it.
class AbandonedError : public std::runtime_error {
 public:
  explicit AbandonedError(std::source_location made);
  ~AbandonedError() override;
  /// Where the Deferred was made.
  std::source_location made() const noexcept { return made_; }

 private:
  std::source_location made_;
};

/// The object that a handler was bound to with `bindWeak` is gone. Never reported as unhandled:
/// whoever let the object go did so on purpose.
class ObjectGoneError : public std::exception {
 public:
  const char* what() const noexcept override;
};

/// The first failure among several Deferreds (Twisted's `FirstError`).
class FirstError : public std::exception {
 public:
  FirstError(std::size_t index, Failure subFailure);
  /// One of those that were gathered under keys; `key` is empty if it has no text.
  FirstError(std::size_t index, std::string key, Failure subFailure);
  ~FirstError() override;
  const char* what() const noexcept override { return message_.what(); }

  const std::size_t index;   ///< which of them failed, from 0
  const Failure subFailure;  ///< what it failed with

  /// The text of its key, or "".
  const char* key() const noexcept { return key_.what(); }

 private:
  // These strings are shared by copies of an exception, so that copying one cannot throw.
  std::runtime_error key_;
  std::runtime_error message_;
};

/// A Deferred or Resolver was used that holds nothing: default-made, moved from, returned or given
/// away.
class EmptyDeferredError : public std::logic_error {
 public:
  explicit EmptyDeferredError(const char* what) : std::logic_error(what) {}
  ~EmptyDeferredError() override;
};

/// A paused Deferred was returned from a handler, awaited or put into a list. The handle that
/// could unpause it is gone by then, so its result could never come.
class PausedError : public std::logic_error {
 public:
  PausedError();
  ~PausedError() override;
};

/// A handler returned, or a coroutine awaited, a Deferred that waits for that very handler or
/// coroutine.
class SelfWaitError : public std::logic_error {
 public:
  SelfWaitError();
  ~SelfWaitError() override;
};

/// `unpause()` without a `pause()` before it.
class NotPausedError : public std::logic_error {
 public:
  NotPausedError();
  ~NotPausedError() override;
};

/// A lock or a token of a semaphore was released that nobody held (where Twisted asserts).
class NotHeldError : public std::logic_error {
 public:
  NotHeldError();
  ~NotHeldError() override;
};

/// A DeferredQueue holds as many values as it may (Twisted's `QueueOverflow`).
class QueueOverflow : public std::exception {
 public:
  const char* what() const noexcept override;
};

/// As many wait for a value of a DeferredQueue as may (Twisted's `QueueUnderflow`).
class QueueUnderflow : public std::exception {
 public:
  const char* what() const noexcept override;
};

}  // namespace hawser
