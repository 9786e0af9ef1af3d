#pragma once

#include <hawser/defer/coroutine.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/generator_promise.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace hawser {

/// `next()` of an AsyncGenerator was called while the item asked for before had not come.
class GeneratorBusyError : public std::logic_error {
 public:
  GeneratorBusyError();
  ~GeneratorBusyError() override;
};

/// A stream of values, each of which may take a while: a coroutine that says both `co_await` and
/// `co_yield`.
///
///     AsyncGenerator<std::string> lines(Connection connection) {
///       while (std::optional<std::string> line = co_await connection.readLine())
///         co_yield *std::move(line);
///     }
///
///     AsyncGenerator<std::string> poem = lines(std::move(connection));
///     while (std::optional<std::string> line = co_await poem.next()) print(*line);
///
/// **When it runs.** Only while an item is asked for: calling the function makes the generator and
/// runs nothing. `next()` runs the body, on the caller's stack, to its next `co_yield`, or to an
/// `co_await` of something that is not ready; from there it goes on inside the call that fires
/// that, and then, once it has yielded, runs the handlers of what `next()` gave. So a slow consumer
/// slows its source down, and nothing piles up between them.
///
/// **How it ends.** When the body ends, `next()` gives an empty optional, then and ever after. An
/// exception that leaves the body fails the Deferred of that `next()`; those that follow get the
/// empty optional. The body's frame, with the parameters, is freed when its last result was taken.
///
/// **Cancelling** what `next()` gave cancels what the body awaits, so that CancelledError is raised
/// there. If it leaves the body, the stream has ended; a body that catches it may go on, to yield
/// what it has or to await something else, which can be cancelled again. A Deferred of `next()`
/// that is dropped takes its item with it.
///
/// **Who owns what.** The AsyncGenerator owns the body, and destroying it ends the stream. A body
/// that is suspended at a `co_yield`, or never ran, is destroyed at once, with its local variables.
/// One that awaits is cancelled as above, on the spot (what a canceller throws is logged), and is
/// destroyed at its next `co_yield` or when it ends; whoever holds the Deferred of `next()` gets
/// that result. One that runs, because it destroyed its own generator, is destroyed likewise.
///
/// **Without coroutines** `next()` is as good as any Deferred: `generator.next().addCallback(...)`.
///
/// T may be move-only. As with all coroutines, parameters taken by reference must outlive the body,
/// and so must the captures of a lambda that is a generator.
///
/// With g++ 12, a braced aggregate with a destructor must not be a temporary inside a `co_yield`
/// (`co_yield Entry{1, "one"}`): the compiler destroys it twice. Give it a name and `std::move` it.
template <class T>
class [[nodiscard("a generator runs only when its next() is called")]] AsyncGenerator {
  static_assert(!std::is_reference_v<T> && !std::is_void_v<T>,
                "AsyncGenerator<T>: T is a type of values; yield a pointer or a "
                "std::reference_wrapper for a reference, and something for void");

 public:
  using value_type = T;
  using promise_type = detail::GeneratorPromise<T>;

  AsyncGenerator(AsyncGenerator&& other) noexcept
      : promise_(std::exchange(other.promise_, nullptr)),
        ended_(std::exchange(other.ended_, false)) {
    if (promise_) promise_->generator = this;
  }
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    if (this != &other) {
      // What this held goes last, since its end may run user code that looks at this object.
      const AsyncGenerator old(std::move(*this));
      promise_ = std::exchange(other.promise_, nullptr);
      ended_ = std::exchange(other.ended_, false);
      if (promise_) promise_->generator = this;
    }
    return *this;
  }
  ~AsyncGenerator() {
    if (promise_) std::exchange(promise_, nullptr)->abandon();
  }

  /// The next item, or an empty optional if there are no more.
  /// @throws GeneratorBusyError while the Deferred of an earlier call is pending, or holds its
  /// result back since it is paused; EmptyDeferredError if this was moved from
  [[nodiscard("co_await it, add handlers to it, or keep it")]] Deferred<std::optional<T>> next() {
    if (promise_) {
      if (promise_->busy) throw GeneratorBusyError();
      return promise_->next();
    }
    if (!ended_) throw EmptyDeferredError("next() of an AsyncGenerator that was moved from");
    return std::optional<T>();
  }

 private:
  friend promise_type;
  explicit AsyncGenerator(promise_type* promise) noexcept : promise_(promise) {
    promise_->generator = this;
  }

  promise_type* promise_;
  bool ended_ = false;
};

}  // namespace hawser
