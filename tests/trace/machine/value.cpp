#include "trace/machine/value.h"

#include "trace/errors.h"

#include <hawser/defer/errors.h>
#include <hawser/defer/race.h>

#include <fmt/format.h>

#include <utility>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

struct Value::Picked {
  Value value;
  std::size_t index;
};

Value Value::list(std::vector<Result<Value>> results) {
  Value made;
  made.held_ = std::make_shared<const List>(std::move(results));
  return made;
}

Value Value::gathered(std::vector<Value> values) {
  Value made;
  made.held_ = std::make_shared<const Gathered>(std::move(values));
  return made;
}

Value Value::picked(Value value, std::size_t index) {
  Value made;
  made.held_ = std::make_shared<const Picked>(std::move(value), index);
  return made;
}

std::string Value::text() const {
  if (auto* number = integer()) return std::to_string(*number);
  if (auto* picked = std::get_if<Shared<Picked>>(&held_))
    return fmt::format("({} @{})", (*picked)->value.text(), (*picked)->index);

  std::vector<std::string> parts;
  if (auto* list = std::get_if<Shared<List>>(&held_)) {
    for (const Result<Value>& result : (*list)->results)
      parts.push_back((result ? "S:" : "F:") + HAWSER_TRACE_LAYOUT::text(result));
  } else if (auto* gathered = std::get_if<Shared<Gathered>>(&held_)) {
    for (const Value& value : (*gathered)->values) parts.push_back(value.text());
  } else {
    return "none";
  }
  return fmt::format("[{}]", fmt::join(parts, " "));
}

std::string errorText(const Failure& failure) {
  // The derived kind before its base.
  if (auto* error = failure.get<ErrC>()) return fmt::format("C:{}", error->number());
  if (auto* error = failure.get<ErrA>()) return fmt::format("A:{}", error->number());
  if (auto* error = failure.get<ErrB>()) return fmt::format("B:{}", error->number());
  if (auto* first = failure.get<FirstError>())
    return fmt::format("First({} {})", first->index, text(first->subFailure));
  if (auto* group = failure.get<FailureGroup>()) {
    std::vector<std::string> parts;
    for (const Failure& one : group->failures()) parts.push_back(text(one));
    return fmt::format("Group({})", fmt::join(parts, " "));
  }
  if (failure.check<CancelledError>()) return "Cancelled";
  if (failure.check<TimeoutError>()) return "Timeout";
  if (failure.check<AlreadyCalledError>()) return "AlreadyCalled";
  if (failure.check<QueueOverflow>()) return "QueueOverflow";
  if (failure.check<QueueUnderflow>()) return "QueueUnderflow";
  if (failure.check<NotHeldError>()) return "Assertion";
  return fmt::format("Unexpected({}: {})", failure.typeName(), failure.getErrorMessage());
}

std::string text(const Failure& failure) { return "!" + errorText(failure); }

std::string text(const Result<Value>& result) {
  return result ? result->text() : text(result.failure());
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
