#include "torture/torture.h"

#include <hawser/reactor/backend.h>
#include <hawser/reactor/errors.h>

#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

namespace hawser::torture {
namespace {

/// In a child each time: a process asks its kernel only once what io_uring can do.
class Making : public ::testing::TestWithParam<Case> {};

enum Outcome : int { made, refused, failed, somethingElse, anotherError, stillMade };

Outcome makeOnce(const Case& each, int index) {
  const Fault fault(each.failing, index);
  try {
    const auto backend = makeBackend(each.backend);
    return fault.happened() ? stillMade : made;
  } catch (const ReactorNotAvailable&) {
    return refused;
  } catch (const std::system_error& error) {
    return error.code().value() == each.failing.error ? failed : anotherError;
  } catch (...) {
    return somethingElse;
  }
}

TEST_P(Making, aBackendSaysWhatIsMissing) {
  for (int index = 1;; ++index) {
    SCOPED_TRACE(::testing::Message() << "number " << index);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(makeOnce(GetParam(), index));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    const int outcome = WEXITSTATUS(status);
    EXPECT_TRUE(outcome == made || outcome == refused || outcome == failed || outcome == stillMade)
        << outcome;
    if (outcome == made || HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(, Making, ::testing::ValuesIn(allCases()), nameOf);

// Where nobody asked for a backend, one that is refused is replaced; one for which there is no
// memory is an error.
TEST(MakingTheDefault, isAnErrorWhereDescriptorsAreShort) {
  for (const Failing& failing : allFailings()) {
    if (std::string_view(failing.call) != "epoll_create1") continue;
    const QuietLog log;
    const Fault fault(failing, 1);
    EXPECT_THROW(static_cast<void>(makeBackend("epoll")), std::system_error);
  }
}

}  // namespace
}  // namespace hawser::torture
