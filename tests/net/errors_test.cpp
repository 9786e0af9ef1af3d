#include <hawser/net/errors.h>

#include "net/net_fixture.h"

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hawser::nettest {
namespace {

TEST(NetErrors, haveTheTypeThatTheErrnoMeans) {
  const struct {
    int osError;
    const char* type;
    const char* words;
  } cases[] = {
      {ECONNREFUSED, "ConnectionRefusedError", "Connection refused (ECONNREFUSED)"},
      {ENETUNREACH, "NoRouteError", "(ENETUNREACH)"},
      {EHOSTUNREACH, "NoRouteError", "(EHOSTUNREACH)"},
      {ETIMEDOUT, "TCPTimedOutError", "(ETIMEDOUT)"},
      {EMFILE, "ConnectError", "Too many open files (EMFILE)"},
      {12345, "ConnectError", "error 12345"},
  };
  for (const auto& each : cases) {
    const Failure failure = connectFailure("tcp:127.0.0.1:80", each.osError);
    EXPECT_EQ(shortType(failure), each.type);
    const auto* error = failure.get<ConnectError>();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->osError(), each.osError);
    EXPECT_EQ(error->where(), "tcp:127.0.0.1:80");
    const std::string text = error->what();
    EXPECT_NE(text.find("tcp:127.0.0.1:80"), std::string::npos) << text;
    EXPECT_NE(text.find(each.words), std::string::npos) << text;
  }
}

TEST(NetErrors, areSentencesThatNameThePlaceAndTheReason) {
  using namespace std::chrono_literals;
  EXPECT_STREQ(ConnectTimeoutError("tcp:a:1", 1500ms).what(),
               "could not connect to tcp:a:1: no connection within 1.5 s");
  EXPECT_STREQ(DNSLookupError("a.example", "no such name").what(),
               "could not look up the name \"a.example\": no such name");
  EXPECT_STREQ(NoProtocol("tcp:a:1").what(),
               "could not connect to tcp:a:1: the factory built no protocol for it");
  EXPECT_STREQ(ConnectingCancelledError("tcp:a:1").what(), "connecting to tcp:a:1 was cancelled");
  EXPECT_STREQ(ConnectBindError("tcp:a:1", "tcp:b:0", EADDRNOTAVAIL).what(),
               "could not connect to tcp:a:1: cannot use the local address tcp:b:0: "
               "Cannot assign requested address (EADDRNOTAVAIL)");
  EXPECT_STREQ(ConnectionDone("tcp:a:1").what(), "connection with tcp:a:1 was closed cleanly");
  EXPECT_STREQ(ConnectionLost("tcp:a:1", ECONNRESET).what(),
               "connection with tcp:a:1 was lost: Connection reset by peer (ECONNRESET)");
  EXPECT_STREQ(ConnectionAborted("tcp:a:1").what(),
               "connection with tcp:a:1 was aborted on this side");
  EXPECT_STREQ(CannotListenError("tcp:a:1", EACCES).what(),
               "cannot listen on tcp:a:1: Permission denied (EACCES)");
  EXPECT_STREQ(BadEndpointError("tcp:\n", 4, "expected a host").what(),
               "bad endpoint \"tcp:\\x0a\": expected a host (at byte 4: \"tcp:>>>\\x0a\")");
}

TEST(NetErrors, sayTheSameOfAConnectionThatIsDoneWhetherToldWhereOrAtWhichAddress) {
  for (const char* const where : {"tcp:127.0.0.1:80", "tcp:[::1]:80", "unix:/run/poetry", "none"}) {
    const bool none = std::string_view(where) == "none";
    const ConnectionDone told{std::string(where)};
    const ConnectionDone late(none ? Address() : Address::parse(where));
    EXPECT_STREQ(late.what(), told.what());
    EXPECT_EQ(late.where(), where);
    EXPECT_EQ(&late.where(), &late.where());
    EXPECT_EQ(late.what(), static_cast<const void*>(late.what()));
    const ConnectionClosed& closed = late;
    EXPECT_EQ(closed.where(), where);
    const std::runtime_error& error = late;
    EXPECT_STREQ(error.what(), told.what());
  }
}

TEST(NetErrors, sayTheSameOfAConnectionThatIsDoneInEachOfTheirCopies) {
  const Address peer = Address::parse("127.0.0.1:80");
  std::optional<ConnectionDone> first(peer);
  const ConnectionDone before = *first;
  const std::string text = first->what();
  const ConnectionDone after = *first;
  ConnectionDone assigned("tcp:a:1");
  assigned = *first;
  first = ConnectionDone("tcp:b:2");
  EXPECT_STREQ(first->what(), "connection with tcp:b:2 was closed cleanly");
  *first = *first;
  EXPECT_EQ(first->where(), "tcp:b:2");
  first.reset();
  for (const ConnectionDone* const each : {&before, &after, &std::as_const(assigned)}) {
    EXPECT_EQ(each->what(), text);
    EXPECT_EQ(each->where(), peer.toString());
  }
}

TEST(NetErrors, ofAConnectionThatIsDoneMayBeAskedByManyThreadsAtOnce) {
  const Failure failure = ConnectionDone(Address::parse("127.0.0.1:80"));
  std::vector<std::string> texts(4);
  std::vector<std::thread> threads;
  for (std::string& text : texts)
    threads.emplace_back([&text, failure] { text = failure.getErrorMessage(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : texts)
    EXPECT_EQ(text, "connection with tcp:127.0.0.1:80 was closed cleanly");
}

TEST(NetErrors, ofAConnectionThatIsDoneCanBeThrown) {
  const Failure failure = ConnectionDone(Address::parse("127.0.0.1:80"));
  try {
    failure.raise();
  } catch (const ConnectionClosed& error) {
    EXPECT_EQ(error.where(), "tcp:127.0.0.1:80");
  }
  EXPECT_EQ(failure.get<ConnectionDone>()->where(), "tcp:127.0.0.1:80");
}

TEST(NetErrors, areCaughtByWhatTheyHaveInCommon) {
  EXPECT_TRUE(Failure(DNSLookupError("a", "b")).check<ConnectError>());
  EXPECT_TRUE(Failure(ConnectTimeoutError("a", {})).check<ConnectError>());
  EXPECT_TRUE(Failure(ConnectingCancelledError("a")).check<CancelledError>());
  EXPECT_FALSE(Failure(ConnectingCancelledError("a")).check<ConnectError>());
  EXPECT_TRUE(Failure(WriteQueueFullError("a", 1)).check<ConnectionLost>());
  EXPECT_TRUE(Failure(ConnectionAborted("a")).check<ConnectionLost>());
  EXPECT_TRUE(Failure(ConnectionDone("a")).check<ConnectionClosed>());
  EXPECT_FALSE(Failure(ConnectionDone("a")).check<ConnectionLost>());
  EXPECT_TRUE(Failure(IncompleteReadError("a", 1, "2")).check<ConnectionClosed>());
  EXPECT_FALSE(Failure(IncompleteReadError("a", 1, "2")).check<ConnectionLost>());
}

}  // namespace
}  // namespace hawser::nettest
