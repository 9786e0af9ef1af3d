#include "trace/parser.h"

#include "trace/parse_handler.h"
#include "trace/words.h"

#include <fmt/format.h>

#include <utility>

namespace hawser::trace {

namespace {

std::string_view parseFlags(Words& words, std::string_view allowed) {
  std::string_view flags = words.word("flags, or - for none");
  if (flags == "-") return {};
  if (flags.find_first_not_of(allowed) != flags.npos)
    throw SyntaxError(fmt::format("unknown flags '{}', there are {}", flags, allowed));
  return flags;
}

/// The operations whose last part has a grammar of its own, which reads up to the end of the line.
std::optional<Operation> parseOpenEnded(std::string_view name, Words words) {
  if (name == "new") {
    Number made = words.integer();
    return Operation{op::New{made, parseCanceller(words)}};
  }
  if (name == "maybe") {
    Number made = words.integer();
    return Operation{op::Maybe{made, parseHandler(words, made)}};
  }
  if (name == "exec") {
    Number made = words.integer();
    Handler handler = parseHandler(words, made);
    if (std::holds_alternative<outcome::Defer>(handler.outcome) ||
        std::holds_alternative<outcome::ReturnFailure>(handler.outcome))
      throw SyntaxError("the handler of exec cannot end with defer or retfail");
    return Operation{op::Exec{made, std::move(handler)}};
  }
  if (auto lane = laneNamed(name)) {
    Number target = words.integer();
    return Operation{op::Add{target, *lane, parseHandler(words, target)}};
  }
  if (name == "cbs") {
    Number target = words.integer();
    std::vector<Words> parts = words.split("|");
    if (parts.size() != 2) throw SyntaxError("cbs needs two handlers with one | between them");
    return Operation{
        op::AddPair{target, parseHandler(parts[0], target), parseHandler(parts[1], target)}};
  }
  if (name == "list") {
    Number made = words.integer();
    std::string_view flags = parseFlags(words, "cex");
    auto has = [flags](char flag) { return flags.find(flag) != flags.npos; };
    if (has('c') && words.atEnd()) throw SyntaxError("an empty list with c would never fire");
    return Operation{op::List{made, has('c'), has('e'), has('x'), parseMembers(words, made)}};
  }
  if (name == "gather") {
    Number made = words.integer();
    bool consumeErrors = !parseFlags(words, "x").empty();
    return Operation{op::Gather{made, consumeErrors, parseMembers(words, made)}};
  }
  if (name == "race") {
    Number made = words.integer();
    if (words.atEnd()) throw SyntaxError("an empty race would never fire");
    return Operation{op::Race{made, parseMembers(words, made)}};
  }
  if (name == "timeout") {
    op::Timeout timeout{words.integer(), words.units(), std::nullopt};
    if (!words.atEnd()) timeout.handler = parseHandler(words, timeout.target);
    return Operation{std::move(timeout)};
  }
  if (name == "prun") {
    Number from = words.integer();
    Number made = words.integer();
    return Operation{op::RunHolding{from, made, parseHandler(words, made)}};
  }
  if (name == "co") {
    Number made = words.integer();
    std::int64_t id = words.integer();
    return Operation{op::Coroutine{made, id, parseSteps(words, made)}};
  }
  return std::nullopt;
}

/// The operations with a fixed number of words.
Operation parseFixed(std::string_view name, Words& words) {
  if (name == "drop") return {op::Drop{words.integer()}};
  if (name == "show") return {op::Show{words.integer()}};
  if (name == "pshow") return {op::ShowHeld{words.integer()}};
  if (name == "qshow") return {op::ShowQueue{words.integer()}};
  if (name == "lock") return {op::Lock{words.integer()}};
  if (name == "advance") return {op::Advance{words.units()}};

  if (name != "succeed" && name != "failed" && name != "chain" && name != "sem" &&
      name != "acquire" && name != "queue" && name != "get")
    throw SyntaxError(fmt::format("unknown operation '{}'", name));
  Number first = words.integer();
  if (name == "succeed") return {op::Succeed{first, words.literal()}};
  if (name == "failed") return {op::Failed{first, words.error()}};
  if (name == "sem") return {op::Semaphore{first, words.integer()}};
  if (name == "acquire") return {op::Acquire{first, words.integer()}};
  if (name == "get") return {op::Get{first, words.integer()}};
  if (name == "queue") {
    auto size = words.limit();
    return {op::Queue{first, size, words.limit()}};
  }
  Number firing = words.integer();
  if (first == firing) throw SyntaxError(fmt::format("{} is chained to itself", first));
  return {op::Chain{first, firing}};
}

Operation parseOperation(Words words) {
  std::string_view name = words.word("an operation");
  if (auto operation = parseOpenEnded(name, words)) return std::move(*operation);
  if (auto operation = parseSimpleAction(name, words)) return std::move(*operation);
  Operation operation = parseFixed(name, words);
  words.expectEnd();
  return operation;
}

}  // namespace

std::vector<Line> linesOf(std::string_view input) {
  std::vector<Line> lines;
  while (!input.empty()) {
    std::size_t end = input.find('\n');
    lines.push_back({lines.size() + 1, input.substr(0, end)});
    input.remove_prefix(end == input.npos ? input.size() : end + 1);
  }
  return lines;
}

Program parseProgram(const std::vector<Line>& lines) {
  Program program;
  for (const Line& line : lines) {
    std::vector<std::string_view> words = wordsOf(line.text);
    if (words.empty() || words.front().starts_with('#')) continue;
    try {
      program.push_back(parseOperation(Words(words)));
    } catch (const SyntaxError& error) {
      throw SyntaxError(
          fmt::format("line {}: {} (in: {})", line.number, error.what(), Words(words).text()));
    }
  }
  return program;
}

std::vector<NamedProgram> programsOf(std::string_view container) {
  constexpr std::string_view nameMark = "=== ";
  std::vector<NamedProgram> programs;
  bool inTrace = false;
  for (const Line& line : linesOf(container)) {
    std::vector<std::string_view> words = wordsOf(line.text);
    if (line.text.starts_with(nameMark)) {
      std::vector<std::string_view> name = wordsOf(line.text.substr(nameMark.size()));
      programs.push_back({Words(name).text(), {}});
      inTrace = false;
    } else if (programs.empty()) {
      if (!words.empty() && !line.text.starts_with('#'))
        throw SyntaxError(fmt::format("line {}: '{}' before the first line with a name (=== NAME)",
                                      line.number, Words(words).text()));
    } else if (words.size() == 1 && words.front() == "---") {
      inTrace = true;
    } else if (!inTrace) {
      programs.back().lines.push_back(line);
    }
  }
  return programs;
}

}  // namespace hawser::trace
