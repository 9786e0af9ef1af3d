#pragma once

#include "trace/machine/layout.h"

#include <hawser/base/result.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

/// The one type of result that programs have: nothing, an integer, or what a combinator made of the
/// results of its members.
class Value {
 public:
  /// none
  Value() noexcept = default;
  Value(std::int64_t integer) noexcept : held_(integer) {}
  /// `[S:v F:!ERR ...]`, the result of `list`
  static Value list(std::vector<Result<Value>> results);
  /// `[v v ...]`, the result of `gather`
  static Value gathered(std::vector<Value> values);
  /// `(v @index)`, the result of what waits for one of its members
  static Value picked(Value value, std::size_t index);

  /// Null unless this is an integer.
  const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&held_); }

  /// As traces show it.
  std::string text() const;

 private:
  struct List {
    std::vector<Result<Value>> results;
  };
  struct Gathered {
    std::vector<Value> values;
  };
  struct Picked;
  template <class T>
  using Shared = std::shared_ptr<const T>;

  std::variant<std::monostate, std::int64_t, Shared<List>, Shared<Gathered>, Shared<Picked>> held_;
#if HAWSER_TRACE_BOXED
  [[maybe_unused]] std::array<std::byte, 64> room_{};
#endif
};

#if HAWSER_TRACE_BOXED
static_assert(sizeof(Value) > 64);
#else
static_assert(sizeof(Value) <= 64);
#endif

/// `ERR` of traces: `A:3`, `Cancelled`, `First(0 !A:3)`, ...; a name that no expected trace has for
/// an error that should not be there.
std::string errorText(const Failure& failure);

/// `ARG` of traces: a value's text, or `!ERR`.
std::string text(const Failure& failure);
std::string text(const Result<Value>& result);

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
