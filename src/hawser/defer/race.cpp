#include <hawser/defer/race.h>

#include <fmt/format.h>

namespace hawser {

struct FailureGroup::State {
  std::vector<Failure> failures;
  std::string message;
};

namespace {

std::string messageOf(const std::vector<Failure>& failures) {
  std::string message = fmt::format("all {} failed:", failures.size());
  for (std::size_t i = 0; i < failures.size(); ++i) {
    message += fmt::format("\n  number {}: {}: {}", i, failures[i].typeName(),
                           failures[i].getErrorMessage());
  }
  return message;
}

}  // namespace

FailureGroup::FailureGroup(std::vector<Failure> failures) {
  std::string message = messageOf(failures);
  state_ = std::make_shared<const State>(State{std::move(failures), std::move(message)});
}
FailureGroup::~FailureGroup() = default;

const char* FailureGroup::what() const noexcept { return state_->message.c_str(); }
const std::vector<Failure>& FailureGroup::failures() const noexcept { return state_->failures; }

Failure detail::nobodyWon(std::vector<Failure> failures, std::source_location where) {
  return Failure(FailureGroup(std::move(failures)), where);
}

}  // namespace hawser
