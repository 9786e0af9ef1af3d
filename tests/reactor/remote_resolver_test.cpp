#include "reactor/support.h"

#include <hawser/reactor/remote_resolver.h>

#include <optional>
#include <thread>

namespace hawser::tests {
namespace {

class RemoteResolving : public ReactorTest {
 protected:
  std::thread other;
  ~RemoteResolving() override {
    if (other.joinable()) other.join();
  }
};

TEST_F(RemoteResolving, firesOnTheReactorsThread) {
  auto [deferred, resolver] = makeDeferred<std::string>();
  const auto own = std::this_thread::get_id();
  std::string got;
  std::move(deferred).addCallback([&](std::string value) {
    EXPECT_EQ(std::this_thread::get_id(), own);
    got = std::move(value);
    reactor.stop();
  });
  other = std::thread(
      [remote = reactor.remote(std::move(resolver))]() mutable { remote.callback("sum"); });
  run();
  EXPECT_EQ(got, "sum");
}

TEST_F(RemoteResolving, carriesFailuresAndVoid) {
  auto [failing, failingResolver] = makeDeferred<int>();
  auto [plain, plainResolver] = makeDeferred<void>();
  std::string message;
  std::move(failing).addErrback([&](Failure why) {
    message = why.getErrorMessage();
    return 0;
  });
  std::move(plain).addCallback([&] { reactor.stop(); });
  other = std::thread([failed = reactor.remote(std::move(failingResolver)),
                       done = reactor.remote(std::move(plainResolver))]() mutable {
    failed.errback(std::runtime_error("no sum"));
    done.callback();
  });
  run();
  EXPECT_EQ(message, "no sum");
}

TEST_F(RemoteResolving, destroyedUnfiredAbandonsOnTheReactorsThread) {
  auto [deferred, resolver] = makeDeferred<int>();
  bool abandoned = false;
  std::move(deferred).addErrback([&](const AbandonedError&) {
    abandoned = true;
    reactor.stop();
    return 0;
  });
  other = std::thread([remote = reactor.remote(std::move(resolver))] {});
  run();
  EXPECT_TRUE(abandoned);
}

TEST_F(RemoteResolving, aReactorThatEndsAbandonsWhatNobodyFired) {
  LogCapture log;
  auto [deferred, resolver] = makeDeferred<int>();
  bool abandoned = false;
  std::move(deferred).addErrback([&](const AbandonedError&) {
    abandoned = true;
    return 0;
  });
  RemoteResolver<int> remote = reactor.remote(std::move(resolver));
  reactor.callWhenRunning([&] { reactor.stop(); });
  run();
  EXPECT_TRUE(abandoned);
  EXPECT_EQ(log.count("The reactor ended while 1 Deferred was waiting"), 1u);
  other = std::thread([remote = std::move(remote)]() mutable { remote.callback(1); });
}

TEST_F(RemoteResolving, mayOutliveItsReactor) {
  RemoteResolver<int> remote;
  {
    LogCapture log;
    Reactor shortLived;
    auto [deferred, resolver] = makeDeferred<int>();
    std::move(deferred).addErrback([](const AbandonedError&) { return 0; });
    remote = shortLived.remote(std::move(resolver));
  }
  EXPECT_TRUE(remote);
  remote.callback(1);
  EXPECT_FALSE(remote);
}

TEST_F(RemoteResolving, firesOnce) {
  auto [deferred, resolver] = makeDeferred<int>();
  RemoteResolver<int> remote = reactor.remote(std::move(resolver));
  remote.callback(1);
  EXPECT_THROW(remote.callback(2), AlreadyCalledError);
  RemoteResolver<int> empty;
  EXPECT_THROW(empty.callback(1), EmptyDeferredError);
  EXPECT_THROW(static_cast<void>(reactor.remote(Resolver<int>())), EmptyDeferredError);
  reactor.iterate();
}

TEST_F(RemoteResolving, ofADeferredThatWasCancelledIsHarmless) {
  auto [deferred, resolver] = makeDeferred<int>();
  std::move(deferred).addErrback([](const CancelledError&) { return 0; }).cancel();
  RemoteResolver<int> remote = reactor.remote(std::move(resolver));
  remote.callback(1);
  reactor.iterate();
}

TEST_F(RemoteResolving, manyFromManyThreads) {
  constexpr int threads = 4;
  constexpr int each = 500;
  int left = threads * each;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    std::vector<RemoteResolver<int>> remotes;
    for (int i = 0; i < each; ++i) {
      auto [deferred, resolver] = makeDeferred<int>();
      std::move(deferred).addBoth([&](Result<int>) {
        if (--left == 0) reactor.stop();
      });
      remotes.push_back(reactor.remote(std::move(resolver)));
    }
    workers.emplace_back([remotes = std::move(remotes)]() mutable {
      for (std::size_t i = 0; i < remotes.size(); ++i)
        if (i % 3 != 0) remotes[i].callback(1);
    });
  }
  run();
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace hawser::tests
