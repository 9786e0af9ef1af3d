#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace hawser {

class Failure;

namespace detail {

struct FailureBlock;
struct HeldException;

/// What can be done with an exception that a Failure made itself. It is thrown as a copy, made when
/// somebody asks for that: an exception of the language costs a malloc and hundreds of
/// instructions.
struct ExceptionOps {
  const std::type_info* type;
  std::size_t size;
  void (*destroy)(void* exception) noexcept;
  std::exception_ptr (*copy)(const void* exception);
};
template <class E>
inline constexpr ExceptionOps exceptionOps{
    &typeid(E), sizeof(E), [](void* exception) noexcept { static_cast<E*>(exception)->~E(); },
    [](const void* exception) {
      return std::make_exception_ptr(*static_cast<const E*>(exception));
    }};

/// Room for an exception, or null if there is no memory.
void* roomForException(const ExceptionOps& ops) noexcept;
void freeRoom(void* room) noexcept;

/// What a line of an asynchronous traceback stands for.
enum class SiteKind : std::uint8_t {
  raised,
  handler,
  coroutine,
  made,
  passed,
  fired,
  awaited,
  job,
  thread,  // a number instead of a place, see Failure::addThread
};

template <class T>
inline constexpr bool isFailure = std::is_same_v<std::remove_cvref_t<T>, Failure>;

}  // namespace detail

/// Thrown by looking into a Failure that was moved from.
class EmptyFailureError : public std::exception {
 public:
  const char* what() const noexcept override { return "this Failure was moved from"; }
};

/// Stands for an exception of another language's runtime, which cannot be held or named.
class ForeignError : public std::exception {
 public:
  const char* what() const noexcept override { return "an exception from outside of C++"; }
};

/// An exception held as a value, so that it can travel to whoever waits for a result instead of up
/// the stack (Twisted's `failure.Failure`).
///
/// It is one pointer to a shared, atomically counted block: cheap to copy, safe to hand to another
/// thread. Besides the exception, of any type, it holds what caused it (`withCause`) and where it
/// has been: where it was raised, where the Deferred that carried it was made and fired, and each
/// link it passed. `getTraceback()` prints all of that; the ordinary stack is of no help when the
/// code that failed was called by an event loop.
///
/// Asking for a type (`get`, `check`, `trap`, errbacks on `const E&`) looks at the held exception
/// where it lies; base classes match; nothing is rethrown.
class Failure {
 public:
  /// Holds a copy of `exception`, whose dynamic type is taken to be E.
  template <class E>
    requires(std::derived_from<std::remove_cvref_t<E>, std::exception>)
  Failure(E&& exception, std::source_location where = std::source_location::current())
      : Failure(hold(std::forward<E>(exception), where)) {}

  /// @throws std::invalid_argument if `exception` is null
  explicit Failure(std::exception_ptr exception,
                   std::source_location where = std::source_location::current());

  /// A failure with an exception that is not derived from std::exception: an int, a string, ...
  template <class E>
  static Failure of(E exception, std::source_location where = std::source_location::current()) {
    return hold(std::move(exception), where);
  }

  /// As `Failure(E(arguments...), where)`, and the exception is made where it will lie. If it
  /// cannot be made, the failure is what that threw.
  template <class E, class... Arguments>
  static Failure make(std::source_location where, Arguments&&... arguments) {
    return holdNew<E>(where, std::forward<Arguments>(arguments)...);
  }

  /// The exception that is being handled: call it inside a `catch` block. A thread's forced unwind
  /// (`abi::__forced_unwind`) is rethrown, since swallowing it would end the program.
  /// @throws std::logic_error outside of a catch block
  static Failure current(std::source_location where = std::source_location::current());

  /// Holds nothing, as after a move.
  static Failure none() noexcept { return Failure(static_cast<detail::FailureBlock*>(nullptr)); }

  Failure(const Failure& other) noexcept;
  Failure(Failure&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Failure& operator=(const Failure& other) noexcept { return *this = Failure(other); }
  Failure& operator=(Failure&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Failure() {
    if (block_) release(block_);
  }

  /// The held exception if it is an E or derived from E, else null. The pointer lives as long as
  /// any copy of this Failure.
  template <class E>
  const E* get() const noexcept {
    return static_cast<const E*>(find(typeid(E)));
  }

  /// Whether the exception is of one of these types or derived from one (Twisted's `check`).
  template <class... E>
    requires(sizeof...(E) > 0)
  bool check() const noexcept {
    return (... || (find(typeid(E)) != nullptr));
  }

  /// `trap<E>()` gives the exception; `trap<E1, E2, ...>()` the index of the first type that fits.
  /// Any other exception is thrown, as Twisted's `trap` re-raises: inside an errback that hands
  /// the failure on to the next one.
  template <class... E>
    requires(sizeof...(E) > 0)
  decltype(auto) trap() const {
    if constexpr (sizeof...(E) == 1) {
      if (auto* found = (get<E>(), ...)) return *found;
      raise();
    } else {
      std::size_t index = 0;
      if ((... || (find(typeid(E)) ? true : (++index, false)))) return index;
      raise();
    }
  }

  /// Throws the held exception: always the same object, which `get` gives from then on.
  [[noreturn]] void raise() const;
  std::exception_ptr exception() const;

  /// Where the traceback begins: where the exception was raised, or became a Failure.
  std::source_location raisedAt() const noexcept;

  /// The exception's type, readable (demangled).
  std::string typeName() const;
  /// `what()` of a std::exception, the text of a string, else a sentence with the type's name.
  std::string getErrorMessage() const;
  /// Type, message, the asynchronous traceback, and the same of each cause. Several lines.
  std::string getTraceback() const;
  /// All of that in one line: `what::Type: the message (file.cpp:7), caused by ...`. What `<<`
  /// writes, and so what a failed test shows.
  std::string getBriefTraceback() const;
  /// Writes the traceback to standard error, or to a stream.
  void printTraceback() const;
  void printTraceback(std::ostream& to) const;
  friend std::ostream& operator<<(std::ostream& to, const Failure& failure);

  /// What this failure came from, or null. (The tracebacks show what a std::nested_exception holds
  /// in the same way.)
  const Failure* cause() const noexcept;
  /// This failure with `cause` below it; at the end of the causes that are there already.
  Failure withCause(Failure cause) const;

  /// For the machinery of chains, which knows better where a failure comes from.
  static Failure at(detail::SiteKind kind, std::source_location where,
                    std::exception_ptr exception) noexcept;
  /// As `current`, for the machinery of chains: a handler that throws on what it was given (`trap`
  /// does) passes `original` on with its traceback.
  static Failure currentIn(detail::SiteKind kind, std::source_location where,
                           const Failure* original);

  /// Adds a line to the traceback. The first and the last places are kept, at most 32 in all; how
  /// many were left out between them is counted.
  void addSite(detail::SiteKind kind, std::source_location where) noexcept;
  /// Adds to the traceback that the line before it happened in the thread with this number, the one
  /// by which the kernel, debuggers and `top -H` know it.
  void addThread(std::uint32_t number) noexcept;

  /// False for one that holds nothing.
  explicit operator bool() const noexcept { return block_ != nullptr; }

 private:
  friend struct detail::FailureBlock;
  template <class E>
  static Failure hold(E&& exception, std::source_location where) {
    return holdNew<std::decay_t<E>>(where, std::forward<E>(exception));
  }
  template <class X, class... Arguments>
  static Failure holdNew(std::source_location where, Arguments&&... arguments) {
    if constexpr (alignof(X) > alignof(std::max_align_t)) {
      try {
        return Failure(std::make_exception_ptr(X(std::forward<Arguments>(arguments)...)), where);
      } catch (...) {
        return current(where);
      }
    } else {
      void* const room = detail::roomForException(detail::exceptionOps<X>);
      if constexpr (std::is_nothrow_constructible_v<X, Arguments&&...>) {
        if (room) ::new (room) X(std::forward<Arguments>(arguments)...);
      } else {
        try {
          if (room) ::new (room) X(std::forward<Arguments>(arguments)...);
        } catch (...) {
          detail::freeRoom(room);
          return current(where);
        }
      }
      return held(room, where);
    }
  }
  /// Takes over an exception that lies in its room.
  static Failure held(void* room, std::source_location where) noexcept;

  explicit Failure(detail::FailureBlock* block) noexcept : block_(block) {}
  static void release(detail::FailureBlock* block) noexcept;
  const void* find(const std::type_info& type) const noexcept;
  bool holds(const std::exception_ptr& exception) const noexcept;
  detail::FailureBlock& block() const;
  /// Makes the block this object's own before it is changed.
  detail::FailureBlock* own();
  void addSiteToCopy(detail::SiteKind kind, std::source_location where) noexcept;

  detail::FailureBlock* block_;
};

}  // namespace hawser
