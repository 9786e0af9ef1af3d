#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// An endpoint written as text, taken apart but not yet understood.
///
/// The grammar is Twisted's (`endpoints.clientFromString`): a type, then arguments, separated by
/// colons; an argument is a value or `name=value`; a backslash takes the next byte literally, so
/// that a value can contain colons:
///
///     tcp:host=127.0.0.1:port=10000:timeout=5
///     tcp:example.org:80
///     tcp:host=\:\:1:port=10000
///
/// One thing is added: a value that begins with `[` reaches to its `]`, colons included, so that
/// the printed form of an IPv6 address is an endpoint as it stands: `tcp:[::1]:10000`.
struct EndpointDescription {
  struct Argument {
    std::string name;      ///< empty: told by its place
    std::string value;     ///< without escapes and brackets
    std::size_t position;  ///< of the value in the text, in bytes from 0
  };

  std::string text;  ///< as it was given, for messages
  std::string type;  ///< in lower case
  std::vector<Argument> arguments;
};

/// @throws BadEndpointError saying what is wrong and at which byte
EndpointDescription parseEndpointDescription(std::string_view text);

/// `value` with backslashes where an endpoint string needs them. (Twisted's
/// `quoteStringArgument`.)
std::string quoteEndpointArgument(std::string_view value);

/// Gives the arguments of a description their names, for the code that knows an endpoint type.
///
/// Arguments without a name get those of `byPlace`, in order. An argument too many, one given
/// twice and one whose name is in neither list are errors.
class EndpointArguments {
 public:
  /// @throws BadEndpointError
  EndpointArguments(EndpointDescription description,
                    std::initializer_list<std::string_view> byPlace,
                    std::initializer_list<std::string_view> byNameOnly);

  /// The value's text, or nothing if it was not given.
  std::optional<std::string> text(std::string_view name) const;
  /// @throws BadEndpointError if it was not given or is empty
  std::string required(std::string_view name) const;

  /// A whole number in [least, most], or nothing if it was not given.
  /// @throws BadEndpointError if it is anything else
  std::optional<long> number(std::string_view name, long least, long most) const;
  /// A number of seconds above 0, decimals allowed, or nothing if it was not given.
  /// @throws BadEndpointError if it is anything else
  std::optional<double> seconds(std::string_view name) const;

  /// For what only the caller can judge: an error that points at this argument.
  [[noreturn]] void reject(std::string_view name, std::string_view problem) const;

 private:
  const EndpointDescription::Argument* find(std::string_view name) const noexcept;

  EndpointDescription description_;
};

}  // namespace hawser
