#include <hawser/defer/errors.h>

#include <fmt/format.h>

namespace hawser {

const char* CancelledError::what() const noexcept { return "the Deferred was cancelled"; }

TimeoutError::~TimeoutError() = default;

AlreadyCalledError::AlreadyCalledError()
    : std::logic_error("the Deferred was fired before: a Resolver fires once") {}
AlreadyCalledError::~AlreadyCalledError() = default;

AbandonedError::AbandonedError(std::source_location made)
    : std::runtime_error(fmt::format(
          "the Deferred made at {}:{} can never fire: its Resolver was destroyed unfired",
          made.file_name(), made.line())),
      made_(made) {}
AbandonedError::~AbandonedError() = default;

const char* ObjectGoneError::what() const noexcept {
  return "the object that the handler was bound to is gone";
}

FirstError::FirstError(std::size_t failedIndex, Failure failure)
    : FirstError(failedIndex, {}, std::move(failure)) {}
FirstError::FirstError(std::size_t failedIndex, std::string key, Failure failure)
    : index(failedIndex),
      subFailure(std::move(failure)),
      key_(key),
      message_(
          fmt::format("{} failed first: {}: {}",
                      key.empty() ? fmt::format("number {}", index) : fmt::format("\"{}\"", key),
                      subFailure.typeName(), subFailure.getErrorMessage())) {}
FirstError::~FirstError() = default;

EmptyDeferredError::~EmptyDeferredError() = default;

PausedError::PausedError()
    : std::logic_error(
          "a paused Deferred was returned, awaited or listed: nobody could unpause it") {}
PausedError::~PausedError() = default;

SelfWaitError::SelfWaitError()
    : std::logic_error("a Deferred would have to wait for itself, and could never fire") {}
SelfWaitError::~SelfWaitError() = default;

NotPausedError::NotPausedError() : std::logic_error("unpause() without a pause()") {}
NotPausedError::~NotPausedError() = default;

NotHeldError::NotHeldError() : std::logic_error("released what nobody holds") {}
NotHeldError::~NotHeldError() = default;

const char* QueueOverflow::what() const noexcept { return "the queue is full"; }

const char* QueueUnderflow::what() const noexcept {
  return "too many wait for a value of the queue already";
}

}  // namespace hawser
