#include <hawser/testing/deferred_matchers.h>

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

namespace hawser::testing {

TestFailure::~TestFailure() = default;

namespace detail {

void failTest(const char* helper, const std::string& what, std::source_location where) {
  throw TestFailure(
      fmt::format("{}:{}: {} of a Deferred: {}", where.file_name(), where.line(), helper, what));
}

std::string describeFailure(const Failure& failure) {
  return fmt::format("it has failed with {}: {}\n{}", failure.typeName(), failure.getErrorMessage(),
                     failure.getTraceback());
}

std::string describePending(const std::optional<registry::Pending>& pending) {
  if (!pending) return "";
  return fmt::format("; it waits for the one made at {}:{}", pending->made.file_name(),
                     pending->made.line());
}

std::string readableNames(const std::vector<const std::type_info*>& types) {
  std::string names;
  for (const std::type_info* type : types) {
    const std::unique_ptr<char, void (*)(void*)> readable(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr), std::free);
    if (!names.empty()) names += " or ";
    names += readable ? readable.get() : type->name();
  }
  return names;
}

}  // namespace detail

}  // namespace hawser::testing
