#include "trace/parse_handler.h"

#include <fmt/format.h>

#include <utility>

namespace hawser::trace {

namespace {

/// Runs `parse` on the words and complains if it leaves some.
template <class Parse>
auto wholly(Words words, Parse parse) {
  auto parsed = parse(words);
  words.expectEnd();
  return parsed;
}

Outcome parseOutcome(Words words, Number parent) {
  return wholly(words, [&](Words& rest) -> Outcome {
    std::string_view name = rest.word("an outcome");
    if (name == "const") return outcome::Const{rest.literal()};
    if (name == "none") return outcome::Const{std::nullopt};
    if (name == "pass") return outcome::Pass{};
    if (name == "inc") return outcome::Inc{};
    if (name == "raise") return outcome::Raise{rest.error()};
    if (name == "retfail") return outcome::ReturnFailure{rest.error()};
    if (name == "defer") {
      Number inner = rest.integer();
      requireIncreasing("defer", inner, parent);
      return outcome::Defer{inner};
    }
    if (name == "trap") {
      ErrorLiteral::Kind kind = rest.errorKind();
      return outcome::Trap{kind, rest.literal()};
    }
    throw SyntaxError(fmt::format("unknown outcome '{}'", name));
  });
}

Operation parseAction(Words words) {
  std::string_view name = words.word("an action");
  if (auto lane = laneNamed(name)) {
    Number target = words.integer();
    std::int64_t id = words.integer();
    return {op::Add{target, *lane, Handler{id, {}, parseOutcome(words, target)}}};
  }
  if (auto action = parseSimpleAction(name, words)) return std::move(*action);
  throw SyntaxError(fmt::format("unknown action '{}'", name));
}

Step parseStep(Words words, Number parent) {
  std::string_view name = words.peek();
  if (name != "await" && name != "tryawait" && name != "ret" && name != "retlast" &&
      name != "raise")
    return parseAction(words);
  return wholly(words, [&](Words& rest) -> Step {
    rest.word("a step");
    if (name == "ret") return step::Return{rest.literal()};
    if (name == "retlast") return step::ReturnLast{};
    if (name == "raise") return step::Raise{rest.error()};
    Number inner = rest.integer();
    requireIncreasing("await", inner, parent);
    return step::Await{inner, name == "tryawait"};
  });
}

}  // namespace

void requireIncreasing(std::string_view what, Number inner, Number outer) {
  if (inner <= outer)
    throw SyntaxError(fmt::format("{} {} in {}: what is waited for needs the greater number", what,
                                  inner, outer));
}

std::optional<op::Lane> laneNamed(std::string_view name) {
  if (name == "cb") return op::Lane::callback;
  if (name == "eb") return op::Lane::errback;
  if (name == "both") return op::Lane::both;
  return std::nullopt;
}

std::optional<Operation> parseSimpleAction(std::string_view name, Words words) {
  return wholly(words, [name](Words& rest) -> std::optional<Operation> {
    if (name == "fire" || name == "put") {
      Number target = rest.integer();
      Literal value = rest.literal();
      if (name == "put") return Operation{op::Put{target, value}};
      return Operation{op::Fire{target, value}};
    }
    if (name == "fail") {
      Number target = rest.integer();
      return Operation{op::Fail{target, rest.error()}};
    }
    if (name == "cancel") return Operation{op::Cancel{rest.integer()}};
    if (name == "pause") return Operation{op::Pause{rest.integer()}};
    if (name == "unpause") return Operation{op::Unpause{rest.integer()}};
    if (name == "release") return Operation{op::Release{rest.integer()}};
    rest = Words({});  // not ours to complain about
    return std::nullopt;
  });
}

Handler parseHandler(Words words, Number parent) {
  Handler handler{words.integer(), {}, outcome::Pass{}};
  std::vector<Words> parts = words.split(";");
  for (const Words& action : std::span(parts).first(parts.size() - 1))
    handler.actions.push_back(parseAction(action));
  handler.outcome = parseOutcome(parts.back(), parent);
  return handler;
}

std::vector<Step> parseSteps(Words words, Number parent) {
  std::vector<Step> steps;
  for (const Words& part : words.split(";")) {
    if (part.atEnd()) throw SyntaxError("a step is empty");
    steps.push_back(parseStep(part, parent));
  }
  return steps;
}

Canceller parseCanceller(Words words) {
  return wholly(words, [](Words& rest) -> Canceller {
    if (rest.atEnd()) return canceller::None{};
    std::string_view name = rest.word("a canceller");
    if (name == "none") return canceller::None{};
    if (name == "noop") return canceller::Noop{};
    if (name == "cb") return canceller::Callback{rest.literal()};
    if (name == "eb") return canceller::Errback{rest.error()};
    if (name == "raise") return canceller::Raise{rest.error()};
    throw SyntaxError(fmt::format("unknown canceller '{}'", name));
  });
}

std::vector<Number> parseMembers(Words words, Number parent) {
  std::vector<Number> members;
  while (!words.atEnd()) {
    members.push_back(words.integer());
    requireIncreasing("member", members.back(), parent);
  }
  return members;
}

}  // namespace hawser::trace
