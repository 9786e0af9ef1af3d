#pragma once

#include <hawser/base/failure.h>

#include <concepts>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

namespace hawser {

namespace detail {

/// What is stored for a result of type void.
struct Unit {
  friend constexpr bool operator==(Unit, Unit) noexcept = default;
};

template <class T>
using Stored = std::conditional_t<std::is_void_v<T>, Unit, T>;

}  // namespace detail

/// Thrown by asking a Result that holds a value for its failure.
class NotAFailureError : public std::exception {
 public:
  const char* what() const noexcept override { return "Result::failure() of a success"; }
};

/// How something ended: with a T, or with a Failure. T may be void.
///
/// This is what a handler that serves both lanes gets (`addBoth`), what `co_await d.asResult()`
/// gives, and what a `deferredList` is a list of.
///
///     if (result) use(*result); else logging::err(result.failure());
///
/// A Result that was moved from holds a moved-from value or an empty Failure.
template <class T>
class Result {
  using Value = detail::Stored<T>;
  static constexpr bool movesQuietly = std::is_nothrow_move_constructible_v<Value>;

 public:
  using value_type = T;

  Result() noexcept
    requires std::is_void_v<T>
      : value_(), ok_(true) {}
  template <class V = Value>
    requires(!std::is_void_v<T> && std::convertible_to<V &&, Value> &&
             !std::is_same_v<std::remove_cvref_t<V>, Result> && !detail::isFailure<V>)
  Result(V&& value) noexcept(std::is_nothrow_constructible_v<Value, V&&>)
      : value_(std::forward<V>(value)), ok_(true) {}
  Result(Failure failure) noexcept : failure_(std::move(failure)), ok_(false) {}

  Result(const Result& other)
    requires std::copy_constructible<Value>
      : ok_(other.ok_) {
    if (ok_)
      ::new (&value_) Value(other.value_);
    else
      ::new (&failure_) Failure(other.failure_);
  }
  Result(Result&& other) noexcept(movesQuietly) : ok_(other.ok_) { take(std::move(other)); }
  /// Should moving the value throw, this holds that exception as its failure.
  Result& operator=(Result other) noexcept(movesQuietly) {
    destroy();
    ok_ = other.ok_;
    if constexpr (movesQuietly) {
      take(std::move(other));
    } else {
      try {
        take(std::move(other));
      } catch (...) {
        ok_ = false;
        ::new (&failure_) Failure(Failure::current());
        throw;
      }
    }
    return *this;
  }
  ~Result() { destroy(); }

  /// True for a success.
  explicit operator bool() const noexcept { return ok_; }

  /// The value of what is known to be a success; check first.
  Value& operator*() & noexcept { return value_; }
  const Value& operator*() const& noexcept { return value_; }
  Value&& operator*() && noexcept { return std::move(value_); }
  Value* operator->() noexcept { return &value_; }
  const Value* operator->() const noexcept { return &value_; }

  /// The value. Of a failure: throws its exception.
  decltype(auto) value() & {
    raiseFailure();
    if constexpr (!std::is_void_v<T>) return (value_);
  }
  decltype(auto) value() const& {
    raiseFailure();
    if constexpr (!std::is_void_v<T>) return (value_);
  }
  T value() && {
    raiseFailure();
    if constexpr (!std::is_void_v<T>) return std::move(value_);
  }

  /// @throws NotAFailureError of a success
  Failure& failure() & { return checkedFailure(); }
  const Failure& failure() const& { return const_cast<Result&>(*this).checkedFailure(); }
  Failure failure() && { return std::move(checkedFailure()); }

 private:
  void take(Result&& other) noexcept(movesQuietly) {
    if (ok_)
      ::new (&value_) Value(std::move(other.value_));
    else
      ::new (&failure_) Failure(std::move(other.failure_));
  }
  void destroy() noexcept {
    if (ok_)
      value_.~Value();
    else
      failure_.~Failure();
  }
  void raiseFailure() const {
    if (!ok_) failure_.raise();
  }
  Failure& checkedFailure() {
    if (ok_) throw NotAFailureError();
    return failure_;
  }

  union {
    Value value_;
    Failure failure_;
  };
  bool ok_;
};

}  // namespace hawser
