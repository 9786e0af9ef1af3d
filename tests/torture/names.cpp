#include "torture/torture.h"

#include <hawser/net/errors.h>
#include <hawser/net/host_lookup.h>
#include <hawser/reactor/threads.h>

namespace hawser::torture {
namespace {

/// Looking up a name: on another thread, which comes and goes.
class NameLookup : public ::testing::TestWithParam<Case> {};

TEST_P(NameLookup, givesAddressesOrSaysWhyNot) {
  int answered = 0;
  walk(GetParam().failing, [&] {
    const QuietLog log;
    Watched watched(GetParam().backend);
    bool known = false;
    watched.reactor.callWhenRunning([&] {
      lookupHost(watched.reactor, "torture.test", 80)
          .addBoth([&](const Result<std::vector<Address>>& result) {
            known = true;
            if (result) {
              ++answered;
              EXPECT_EQ(result->at(0).toString(), "tcp:127.0.0.1:80");
            } else {
              EXPECT_TRUE(result.failure().check<DNSLookupError>()) << result.failure().typeName();
              EXPECT_NE(result.failure().getErrorMessage().find("torture.test"), std::string::npos);
            }
            watched.reactor.stop();
          })
          .addErrback(logging::err);
    });
    EXPECT_TRUE(watched.run());
    EXPECT_TRUE(known);
  });
  EXPECT_GE(answered, 1);
}

INSTANTIATE_TEST_SUITE_P(
    , NameLookup, ::testing::ValuesIn(casesOf({"getaddrinfo", "std::thread", "pthread_sigmask"})),
    nameOf);

/// The thread that watches for stalls.
class WatchingForStalls : public ::testing::TestWithParam<Case> {};

TEST_P(WatchingForStalls, thatCannotBeginLeavesTheReactorAsItWas) {
  walk(GetParam().failing, [&] {
    Watched watched(GetParam().backend);
    try {
      watched.reactor.reportStalls(1h, [](const Stall&) {});
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), GetParam().failing.error);
    }
    watched.reactor.callLater(0ms, [&] { watched.reactor.stop(); });
    EXPECT_TRUE(watched.run());
  });
}

INSTANTIATE_TEST_SUITE_P(, WatchingForStalls,
                         ::testing::ValuesIn(casesOf({"std::thread", "pthread_sigmask"})), nameOf);

/// A job in a thread that there may not be.
class JobInAThread : public ::testing::TestWithParam<Case> {};

TEST_P(JobInAThread, isDoneOrSaysWhyNot) {
  int done = 0;
  walk(GetParam().failing, [&] {
    const QuietLog log;
    Watched watched(GetParam().backend);
    bool known = false;
    watched.reactor.callWhenRunning([&] {
      deferToThread(watched.reactor, [] { return 7; })
          .addBoth([&](const Result<int>& result) {
            known = true;
            if (result) {
              ++done;
            } else {
              EXPECT_TRUE(result.failure().check<ThreadStartError>()) << result.failure();
            }
            watched.reactor.stop();
          })
          .addErrback(logging::err);
    });
    EXPECT_TRUE(watched.run());
    EXPECT_TRUE(known);
  });
  EXPECT_GE(done, 1);
}

INSTANTIATE_TEST_SUITE_P(, JobInAThread,
                         ::testing::ValuesIn(casesOf({"std::thread", "pthread_sigmask"})), nameOf);

}  // namespace
}  // namespace hawser::torture
