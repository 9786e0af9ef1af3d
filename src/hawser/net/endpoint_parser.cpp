#include <hawser/net/endpoint_parser.h>

#include <hawser/net/errors.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace hawser {

namespace {

// Reads one argument after the other. A second `=` in an argument is part of its value, as in
// Twisted.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  bool atEnd() const noexcept { return done_; }

  EndpointDescription::Argument next() {
    EndpointDescription::Argument argument{{}, {}, at_};
    bool named = false;
    if (readBracketed(argument)) return argument;
    while (at_ < text_.size()) {
      const char byte = text_[at_];
      if (byte == ':') {
        ++at_;
        return argument;
      }
      if (byte == '=' && !named) {
        named = true;
        if (argument.value.empty())
          throw BadEndpointError(text_, at_, "expected an argument's name before the =");
        argument.name = std::exchange(argument.value, {});
        argument.position = ++at_;
        if (readBracketed(argument)) return argument;
        continue;
      }
      if (byte == '\\') {
        if (at_ + 1 == text_.size())
          throw BadEndpointError(text_, at_, "a backslash with nothing after it");
        ++at_;
      }
      argument.value += text_[at_++];
    }
    done_ = true;
    return argument;
  }

 private:
  bool readBracketed(EndpointDescription::Argument& argument) {
    if (at_ >= text_.size() || text_[at_] != '[') return false;
    const std::size_t close = text_.find(']', at_);
    if (close == std::string_view::npos)
      throw BadEndpointError(text_, at_, "this bracket is not closed");
    argument.value = text_.substr(at_ + 1, close - at_ - 1);
    argument.position = at_ + 1;
    at_ = close + 1;
    if (at_ == text_.size())
      done_ = true;
    else if (text_[at_++] != ':')
      throw BadEndpointError(text_, at_ - 1, "expected a colon after the bracket");
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool done_ = false;
};

std::string lowerCase(std::string text) {
  for (char& byte : text)
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
  return text;
}

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

EndpointDescription parseEndpointDescription(std::string_view text) {
  EndpointDescription description{std::string(text), {}, {}};
  Tokenizer tokenizer(text);
  EndpointDescription::Argument type = tokenizer.next();
  if (!type.name.empty() || type.value.empty())
    throw BadEndpointError(text, 0, "expected the endpoint's type first, as in tcp:HOST:PORT");
  description.type = lowerCase(std::move(type.value));
  while (!tokenizer.atEnd()) description.arguments.push_back(tokenizer.next());
  return description;
}

std::string quoteEndpointArgument(std::string_view value) {
  std::string quoted;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char byte = value[i];
    if (byte == '\\' || byte == ':' || byte == '=' || (byte == '[' && i == 0)) quoted += '\\';
    quoted += byte;
  }
  return quoted;
}

EndpointArguments::EndpointArguments(EndpointDescription description,
                                     std::initializer_list<std::string_view> byPlace,
                                     std::initializer_list<std::string_view> byNameOnly)
    : description_(std::move(description)) {
  const std::string& text = description_.text;
  auto place = byPlace.begin();
  for (auto& argument : description_.arguments) {
    if (argument.name.empty()) {
      if (place == byPlace.end())
        throw BadEndpointError(text, argument.position,
                               fmt::format("an argument too many; {}:{} is all that needs no name",
                                           description_.type, fmt::join(byPlace, ":")));
      argument.name = *place++;
    } else if (!contains(byPlace, argument.name) && !contains(byNameOnly, argument.name)) {
      std::vector<std::string_view> known(byPlace);
      known.insert(known.end(), byNameOnly);
      throw BadEndpointError(text, argument.position,
                             fmt::format("{} has no argument \"{}\"; it has {}", description_.type,
                                         argument.name, fmt::join(known, ", ")));
    }
    if (find(argument.name) != &argument)
      throw BadEndpointError(text, argument.position,
                             fmt::format("\"{}\" is given twice", argument.name));
  }
}

const EndpointDescription::Argument* EndpointArguments::find(std::string_view name) const noexcept {
  for (const auto& argument : description_.arguments)
    if (argument.name == name) return &argument;
  return nullptr;
}

std::optional<std::string> EndpointArguments::text(std::string_view name) const {
  const auto* argument = find(name);
  if (!argument) return std::nullopt;
  return argument->value;
}

std::string EndpointArguments::required(std::string_view name) const {
  const auto* argument = find(name);
  if (!argument)
    throw BadEndpointError(description_.text, description_.text.size(),
                           fmt::format("\"{}\" is missing", name));
  if (argument->value.empty()) reject(name, fmt::format("\"{}\" is empty", name));
  return argument->value;
}

std::optional<long> EndpointArguments::number(std::string_view name, long least, long most) const {
  const auto* argument = find(name);
  if (!argument) return std::nullopt;
  const std::string& text = argument->value;
  long number = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size() || number < least || number > most)
    reject(name, fmt::format("\"{}\" must be a number from {} to {}", name, least, most));
  return number;
}

std::optional<double> EndpointArguments::seconds(std::string_view name) const {
  // A year: far below where nanoseconds overflow.
  constexpr double most = 365.0 * 24 * 3600;
  const auto* argument = find(name);
  if (!argument) return std::nullopt;
  const std::string& text = argument->value;
  double seconds = 0;
  auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  // Written so that "nan" is refused too.
  if (error != std::errc() || stop != text.data() + text.size() ||
      !(seconds > 0 && seconds <= most))
    reject(name, fmt::format("\"{}\" must be a number of seconds above 0", name));
  return seconds;
}

void EndpointArguments::reject(std::string_view name, std::string_view problem) const {
  const auto* argument = find(name);
  throw BadEndpointError(description_.text,
                         argument ? argument->position : description_.text.size(), problem);
}

}  // namespace hawser
