#pragma once

#include <cstddef>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

namespace hawser {

/// Thrown by calling a `unique_function` that holds nothing.
class EmptyFunctionError : public std::exception {
 public:
  const char* what() const noexcept override { return "an empty unique_function was called"; }
};

template <class Signature>
class unique_function;

/// Holds anything callable whose type must be forgotten, and owns it alone.
///
/// `std::function` copies what it holds, so it cannot hold a lambda that captured a Deferred or a
/// Resolver; this one only moves. Callables of up to four pointers, aligned like pointers, that
/// move without throwing live inside the object, others in one heap block. Moving it is always
/// noexcept. Calling an empty one throws EmptyFunctionError.
template <class R, class... Args>
class unique_function<R(Args...)> {
  static constexpr std::size_t inlineBytes = 4 * sizeof(void*);

 public:
  unique_function() noexcept = default;
  unique_function(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, unique_function> &&
             !std::is_member_pointer_v<std::decay_t<F>> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  unique_function(F&& f) {
    using Callable = std::decay_t<F>;
    if constexpr (std::is_pointer_v<Callable>) {
      if (f == nullptr) return;
    }
    if constexpr (fitsInline<Callable>) {
      ::new (static_cast<void*>(storage_)) Callable(std::forward<F>(f));
    } else {
      ::new (static_cast<void*>(storage_)) Callable*(new Callable(std::forward<F>(f)));
    }
    operations_ = &operationsOf<Callable>;
  }

  unique_function(unique_function&& other) noexcept : operations_(other.operations_) {
    if (operations_) operations_->relocate(other.storage_, storage_);
    other.operations_ = nullptr;
  }
  unique_function& operator=(unique_function&& other) noexcept {
    if (this != &other) {
      // Destroyed last: it may own the object that this function is a member of.
      const unique_function old(std::move(*this));
      ::new (static_cast<void*>(this)) unique_function(std::move(other));
    }
    return *this;
  }
  unique_function(const unique_function&) = delete;
  unique_function& operator=(const unique_function&) = delete;
  ~unique_function() { reset(); }

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  /// Whether destroying it, or emptying it, does anything that could be noticed. It does not if it
  /// is empty, or holds a small callable that has no destructor to run.
  bool destroysSomething() const noexcept { return operations_ && operations_->destroy; }

  R operator()(Args... args) {
    if (!operations_) throw EmptyFunctionError();
    return operations_->call(storage_, std::forward<Args>(args)...);
  }

 private:
  struct Operations {
    R (*call)(std::byte*, Args&&...);
    void (*relocate)(std::byte* from, std::byte* to) noexcept;
    void (*destroy)(std::byte*) noexcept;  ///< null: there is nothing to do
  };

  template <class F>
  static constexpr bool fitsInline = sizeof(F) <= inlineBytes && alignof(F) <= alignof(void*) &&
                                     std::is_nothrow_move_constructible_v<F>;
  template <class F>
  static constexpr bool needsDestroying = !fitsInline<F> || !std::is_trivially_destructible_v<F>;

  template <class F>
  static void destroy(std::byte* storage) noexcept {
    if constexpr (fitsInline<F>)
      held<F>(storage).~F();
    else
      delete &held<F>(storage);
  }

  template <class F>
  static F& held(std::byte* storage) noexcept {
    if constexpr (fitsInline<F>)
      return *std::launder(reinterpret_cast<F*>(storage));
    else
      return **std::launder(reinterpret_cast<F**>(storage));
  }

  template <class F>
  static constexpr Operations operationsOf = {
      [](std::byte* storage, Args&&... args) -> R {
        if constexpr (std::is_void_v<R>)
          static_cast<void>(held<F>(storage)(std::forward<Args>(args)...));
        else
          return held<F>(storage)(std::forward<Args>(args)...);
      },
      [](std::byte* from, std::byte* to) noexcept {
        if constexpr (fitsInline<F>) {
          ::new (static_cast<void*>(to)) F(std::move(held<F>(from)));
          held<F>(from).~F();
        } else {
          ::new (static_cast<void*>(to)) F*(&held<F>(from));
        }
      },
      needsDestroying<F> ? &destroy<F> : nullptr,
  };

  void reset() noexcept {
    const Operations* const operations = std::exchange(operations_, nullptr);
    if (operations && operations->destroy) operations->destroy(storage_);
  }

  const Operations* operations_ = nullptr;
  alignas(void*) std::byte storage_[inlineBytes];
};

}  // namespace hawser
