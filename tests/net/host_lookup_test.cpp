#include <hawser/net/host_lookup.h>

#include <hawser/net/detail/lookup_threads.h>

#include "net/net_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>

namespace hawser::nettest {
namespace {

using Texts = std::vector<std::string>;

class HostLookup : public NetTest {
 protected:
  void SetUp() override { NOT_SIMULATED("names are looked up by threads of the real world"); }
  Texts lookUp(const std::string& name) {
    Texts texts;
    for (const Address& address : valueOf(lookupHost(reactor, name, 80)))
      texts.push_back(address.toString());
    return texts;
  }
};

TEST_F(HostLookup, knowsNumbersAtOnce) {
  for (const auto& [name, address] :
       {std::pair{"127.0.0.1", "tcp:127.0.0.1:80"}, {"::1", "tcp:[::1]:80"}}) {
    const auto deferred = lookupHost(reactor, name, 80);
    ASSERT_TRUE(deferred.peekValue());
    EXPECT_EQ(deferred.peekValue()->at(0).toString(), address);
  }
}

TEST_F(HostLookup, knowsThisMachineAtOnce) {
  const Texts loopback{"tcp:127.0.0.1:80", "tcp:[::1]:80"};
  for (const char* name : {"localhost", "LocalHost", "localhost.", "poetry.localhost"}) {
    EXPECT_TRUE(lookupHost(reactor, name, 80).peekValue()) << name;
    EXPECT_EQ(lookUp(name), loopback) << name;
  }
}

TEST_F(HostLookup, asksTheSystemForOtherNames) {
  char name[256];
  ASSERT_EQ(::gethostname(name, sizeof name), 0);
  auto deferred = lookupHost(reactor, name, 80);
  EXPECT_FALSE(deferred.peekValue()) << "in a thread of its own";
  const auto result = resultOf(std::move(deferred));
  // Not every machine knows its own name.
  if (result) {
    EXPECT_FALSE(result.value().empty());
    EXPECT_TRUE(std::all_of(result.value().begin(), result.value().end(),
                            [](const Address& address) { return address.port() == 80; }));
  } else {
    EXPECT_TRUE(result.failure().check<DNSLookupError>());
  }
}

TEST_F(HostLookup, saysWhichNameHasNoAddressAndWhy) {
  // Names that no server need be asked about: empty, cut by a byte 0, with a part that is too long.
  for (const std::string& name :
       {std::string(), std::string("local\0host", 10), std::string(70, 'x') + ".example"}) {
    const auto result = resultOf(lookupHost(reactor, name, 80));
    ASSERT_FALSE(result);
    const auto* error = result.failure().get<DNSLookupError>();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->name(), name);
    EXPECT_NE(error->reason(), "");
    EXPECT_NE(std::string(error->what()).find(error->reason()), std::string::npos);
  }
}

TEST_F(HostLookup, isOverAtOnceWhenCancelled) {
  auto deferred = lookupHost(reactor, std::string(70, 'x') + ".example", 80);
  std::optional<Failure> failure;
  auto done = std::move(deferred).addErrback([&](const Failure& why) {
    failure = why;
    return std::vector<Address>();
  });
  done.cancel();
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->check<CancelledError>());
  settle();  // the late answer finds nobody
}

TEST_F(HostLookup, survivesItsReactor) {
  std::string outcome;
  {
    Reactor shortLived;
    static_cast<void>(lookupHost(shortLived, std::string(70, 'x') + ".example", 80)
                          .addErrback([&](const Failure& why) { outcome = shortType(why); }));
  }
  EXPECT_EQ(outcome, "AbandonedError");
}

TEST_F(HostLookup, ofManyNamesAtOnceAnswersEach) {
  constexpr int count = 200;
  int failed = 0;
  for (int number = 0; number < count; ++number)
    static_cast<void>(
        lookupHost(reactor, std::to_string(number) + std::string(70, 'x') + ".example", 80)
            .addErrback([&](const DNSLookupError&) {
              ++failed;
              return std::vector<Address>();
            }));
  until([&] { return failed == count; });
}

TEST_F(HostLookup, isRefusedWhenTooManyWaitAlready) {
  std::promise<void> go;
  const std::shared_future<void> gate = go.get_future().share();
  std::atomic<int> begun{0};
  std::atomic<int> done{0};
  const auto submit = [&] {
    return detail::runLookup([gate, &begun, &done] {
      ++begun;
      gate.wait();
      ++done;
    });
  };
  // Every thread is busy first: then nobody takes a job out of the queue that is filled next.
  for (int thread = 0; thread < 8; ++thread) EXPECT_TRUE(submit());
  until([&] { return begun == 8; });
  int waiting = 0;
  while (submit()) ++waiting;
  EXPECT_EQ(waiting, 1024);
  const auto result = resultOf(lookupHost(reactor, "example.org", 80));
  go.set_value();
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.failure().check<DNSLookupError>());
  EXPECT_NE(result.failure().getErrorMessage().find("too many"), std::string::npos);
  until([&] { return done == 8 + waiting; });
}

TEST_F(HostLookup, failsAConnectionWithTheNamesError) {
  const std::string name = std::string(70, 'x') + ".example";
  const auto result =
      resultOf(connectProtocol(HostnameEndpoint(reactor, name, 80), std::make_shared<Peer>()));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.failure().get<DNSLookupError>()->name(), name);
  EXPECT_TRUE(result.failure().check<ConnectError>());
}

}  // namespace
}  // namespace hawser::nettest
