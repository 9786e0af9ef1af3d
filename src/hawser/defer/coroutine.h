#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/defer/detail/promise.h>

/// Coroutines over Deferreds (Twisted's `inlineCallbacks`): straight code for chains of many steps.
///
///     Deferred<std::string> firstPoem(ClientEndpoint a, ClientEndpoint b) {
///       Result<std::string> poem = co_await getPoem(a).asResult();
///       if (poem) co_return *std::move(poem);
///       co_return co_await getPoem(b);
///     }
///
/// A function that returns a `Deferred<T>` and says `co_await` or `co_return` is a coroutine. It
/// starts at once, on the caller's stack, and runs until it awaits something that is not ready.
/// `co_await` of a Deferred that is ready does not suspend. What it awaits it takes over, so a
/// Deferred that has a name is awaited with `co_await std::move(d)`.
///
/// * **Values and failures.** `co_await` gives the value or throws the exception; an exception that
///   leaves the coroutine fails its Deferred; `co_return Failure(...)` does too, unless it is a
///   Deferred<void>: the language has no `co_return` of something there, and `failure.raise()`
///   throws it. `asResult()` gives a Result<T> instead of throwing, which is also far cheaper for
///   failures.
/// * **When it goes on.** Inside the call that fires what it awaits, on the same thread.
/// * **Dropped.** Like every chain it runs on when its Deferred is dropped.
/// * **Cancelled.** `cancel()` on its Deferred cancels what it awaits at that moment, so that
///   CancelledError is thrown inside, where it may be caught. A coroutine that then goes on to
///   await something else can be cancelled there again. Cancelling while its body runs does
///   nothing.
/// * **Memory.** One block, from the pool: the frame is the first node of the chain. It is freed,
///   with the parameters, as soon as the coroutine has ended.
///
/// Parameters taken by reference must outlive the coroutine: take them by value. Captures of a
/// lambda that is a coroutine live as long as the lambda, not as the coroutine. As a handler that
/// is taken care of: the chain keeps handler and argument until the coroutine has ended.
///
/// With g++ 12, neither a capturing lambda nor the choice between two Deferreds may be a temporary
/// inside a `co_await` expression (`co_await f([x] { ... })`, `co_await (a ? f() : g())`): the
/// compiler destroys it twice. Give it a name and `std::move` it. The same
/// holds for braces behind `co_yield`, and for a choice between class values in an expression with
/// a `co_await` (`a ? co_await f() : g()`).
