#include <hawser/reactor/backend.h>
#include <hawser/reactor/errors.h>

#include <gtest/gtest.h>

namespace {

/// Where HAWSER_REACTOR names a backend that this machine does not permit, there is nothing to
/// test.
class ChosenReactor final : public ::testing::Environment {
  void SetUp() override {
    try {
      static_cast<void>(hawser::makeDefaultBackend());
    } catch (const hawser::ReactorNotAvailable& refused) {
      GTEST_SKIP() << refused.what();
    }
  }
};

[[maybe_unused]] const auto* const chosen = ::testing::AddGlobalTestEnvironment(new ChosenReactor);

}  // namespace
