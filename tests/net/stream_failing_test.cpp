#include "net/net_fixture.h"
#include "net/stream_fixture.h"

#include <hawser/defer/async_generator.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/net/stream_port.h>

#include <stdexcept>
#include <utility>

namespace hawser::nettest {
namespace {

using testing::failureResultOf;
using testing::successResultOf;

class Half : public std::runtime_error {
 public:
  Half() : runtime_error("only half of it could be made") {}
};

/// What a coroutine that has a Stream does wrong; each waits for a line first.
struct Wrong {
  const char* name;
  Deferred<void> (*serve)(Stream stream);
};
void PrintTo(const Wrong& wrong, std::ostream* stream) { *stream << wrong.name; }

Deferred<void> throwsWithAParameter(Stream stream) {
  co_await stream.readUntil("\n");
  co_await stream.write("half");
  throw Half();
}

Deferred<void> throwsWithALocal(Stream given) {
  const auto body = [](Stream* from) -> Deferred<void> {
    Stream stream = std::move(*from);
    co_await stream.readUntil("\n");
    co_await stream.write("half");
    throw Half();
  };
  auto done = body(&given);
  co_await std::move(done);
}

Deferred<int> fails(Stream stream) {
  Stream local = std::move(stream);
  co_await local.readUntil("\n");
  co_await local.write("half");
  co_return Failure(Half());
}
Deferred<int> failsWithAParameter(Stream stream) {
  co_await stream.readUntil("\n");
  co_await stream.write("half");
  co_return Failure(Half());
}
Deferred<void> returnsAFailure(Stream stream) { co_await fails(std::move(stream)); }
Deferred<void> returnsAFailureWithAParameter(Stream stream) {
  co_await failsWithAParameter(std::move(stream));
}

AsyncGenerator<int> halves(Stream stream) {
  co_await stream.readUntil("\n");
  co_await stream.write("half");
  co_yield 1;
  throw Half();
}
Deferred<void> isGeneratedFrom(Stream stream) {
  auto items = halves(std::move(stream));
  while (co_await items.next()) {
  }
}

Deferred<void> abandonsAGenerator(Stream stream) {
  auto items = halves(std::move(stream));
  co_await items.next();
  throw Half();
}

Deferred<void> awaitsWhatFails(Stream stream) {
  co_await stream.readUntil("\n");
  co_await stream.write("half");
  Deferred<void> failed = Failure(Half());
  co_await std::move(failed);
}

const Wrong wrongs[] = {
    {"throwsWithAParameter", throwsWithAParameter},
    {"throwsWithALocal", throwsWithALocal},
    {"returnsAFailure", returnsAFailure},
    {"returnsAFailureWithAParameter", returnsAFailureWithAParameter},
    {"isGeneratedFrom", isGeneratedFrom},
    {"abandonsAGenerator", abandonsAGenerator},
    {"awaitsWhatFails", awaitsWhatFails},
};

/// On the reactor's network, with both ends in the test.
class StreamFailing : public NetTest, public ::testing::WithParamInterface<Wrong> {
 protected:
  StreamFailing() {
    server = valueOf(listenStreams(TCP4ServerEndpoint(reactor, 0, 512, "127.0.0.1")));
    client = valueOf(
        connectStream(TCP4ClientEndpoint(reactor, "127.0.0.1", server->port->getHost().port())));
    served = *valueOf(server->incoming.next());
  }

  /// What the client gets until the end, or until the connection breaks.
  Result<std::string> rest() {
    return resultOf([](Stream& from) -> Deferred<std::string> {
      std::string all;
      while (auto bytes = co_await from.read()) all += *bytes;
      co_return all;
    }(client));
  }

  std::optional<StreamPort> server;
  Stream client;
  Stream served;
};

TEST_P(StreamFailing, isSeenByThePeerAsALostConnection) {
  auto done = GetParam().serve(std::move(served));
  valueOf(client.write("go\n"));
  const Result<std::string> got = rest();
  ASSERT_FALSE(got) << "half was taken for all: " << *got;
  EXPECT_TRUE(got.failure().check<ConnectionLost>());
  EXPECT_TRUE(resultOf(std::move(done)).failure().check<Half>());
}

INSTANTIATE_TEST_SUITE_P(, StreamFailing, ::testing::ValuesIn(wrongs),
                         [](const auto& each) { return std::string(each.param.name); });

using StreamCancelled = StreamFailing;

TEST_F(StreamCancelled, isSeenByThePeerAsALostConnection) {
  const auto serve = [](Stream stream) -> Deferred<void> {
    co_await stream.write("half");
    co_await stream.readUntil("\n");
  };
  auto done = serve(std::move(served));
  valueOf(client.atEnd());
  done.cancel();
  EXPECT_TRUE(rest().failure().check<ConnectionLost>());
  EXPECT_TRUE(resultOf(std::move(done)).failure().check<CancelledError>());
}

TEST_F(StreamCancelled, afterAllWasSaidIsAnEndForThePeer) {
  const auto serve = [](Stream stream) -> Deferred<void> {
    co_await stream.write("error: no such poem\n");
    stream.loseConnection();
    throw Half();
  };
  auto done = serve(std::move(served));
  EXPECT_EQ(rest().value(), "error: no such poem\n");
  EXPECT_TRUE(resultOf(std::move(done)).failure().check<Half>());
}

// What aborts and what does not, over strings.

Deferred<void> waitAndThrow(Stream stream) {
  co_await stream.read();
  throw Half();
}

TEST_F(StreamTest, isAbortedByTheExceptionThatEndsItsCoroutine) {
  auto done = waitAndThrow(std::move(stream));
  arrives("x");
  EXPECT_TRUE(transport.aborted());
  failureResultOf<Half>(std::move(done));
}

TEST_F(StreamTest, isAbortedByAnExceptionThatPassesAFunction) {
  try {
    const Stream local = std::move(stream);
    throw Half();
  } catch (const Half&) {
    EXPECT_TRUE(transport.aborted());
  }
}

TEST_F(StreamTest, isNotAbortedByAnExceptionThatIsCaughtWhileItLives) {
  const auto serve = [](Stream of) -> Deferred<void> {
    try {
      co_await of.read();
      throw Half();
    } catch (const Half&) {
      static_cast<void>(of.write("sorry"));
    }
  };
  auto done = serve(std::move(stream));
  arrives("x");
  successResultOf(std::move(done));
  EXPECT_TRUE(transport.disconnecting());
  EXPECT_FALSE(transport.aborted());
}

TEST_F(StreamTest, isNotAbortedAfterThisSideHasFinished) {
  const auto serve = [](Stream of) -> Deferred<void> {
    of.loseWriteConnection();
    co_await of.read();
    throw Half();
  };
  auto done = serve(std::move(stream));
  arrives("x");
  failureResultOf<Half>(std::move(done));
  EXPECT_FALSE(transport.aborted());
}

TEST_F(StreamTest, isNotAbortedByTheExceptionThatGivesAnotherItsPermit) {
  DeferredSemaphore tokens(1);
  const auto holder = [](DeferredSemaphore& of, Deferred<void> go) -> Deferred<void> {
    const Permit permit = co_await of.scoped();
    co_await std::move(go);
    throw Half();
  };
  const auto other = [](DeferredSemaphore& of, Stream mine) -> Deferred<void> {
    const Permit permit = co_await of.scoped();
    co_await mine.write("whole");
  };
  auto [go, start] = makeDeferred<void>();
  auto failing = holder(tokens, std::move(go));
  auto done = other(tokens, std::move(stream));
  start.callback();
  failureResultOf<Half>(std::move(failing));
  successResultOf(std::move(done));
  EXPECT_EQ(transport.value(), "whole");
  EXPECT_FALSE(transport.aborted());
}

TEST_F(StreamTest, isNotAbortedByAGeneratorThatEndsInOrderWhenItsConsumerFails) {
  const auto items = [](Stream of) -> AsyncGenerator<int> {
    co_yield 1;
    static_cast<void>(co_await of.read().asResult());
    static_cast<void>(of.write("whole"));
  };
  auto generator = std::make_optional(items(std::move(stream)));
  successResultOf(generator->next());
  auto pending = generator->next();
  try {
    const auto owner = std::move(*generator);
    throw Half();
  } catch (const Half&) {
    EXPECT_FALSE(transport.aborted());
  }
  EXPECT_EQ(successResultOf(std::move(pending)), std::nullopt);
}

TEST_F(StreamTest, ofALaterCoroutineIsNotAbortedForAnEarlierOne) {
  FullTransport otherTransport;
  auto other = std::make_shared<StreamProtocol>();
  other->makeConnection(otherTransport);
  auto done = waitAndThrow(std::move(stream));
  arrives("x");
  failureResultOf<Half>(std::move(done));
  {
    const Stream next(other);
  }
  EXPECT_TRUE(otherTransport.disconnecting());
  EXPECT_FALSE(otherTransport.aborted());
}

}  // namespace
}  // namespace hawser::nettest
