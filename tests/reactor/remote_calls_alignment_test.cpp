#include "reactor/threads_support.h"

#include <hawser/reactor/call_on.h>

#include <cstdint>
#include <memory>

namespace hawser::tests {
namespace {

/// Aligned beyond what memory is by itself.
struct alignas(64) Wide {
  int number = 7;
  bool inPlace() const { return reinterpret_cast<std::uintptr_t>(this) % alignof(Wide) == 0; }
};

using RemoteCallsAlignment = ReactorTest;

TEST_F(RemoteCallsAlignment, isThatOfTheCallBesideCallsOfAnySize) {
  int made = 0;
  for (int i = 0; i < 50; ++i) {
    reactor.callFromThread([&made] { ++made; });
    reactor.callFromThread([&made, wide = Wide()] {
      EXPECT_TRUE(wide.inPlace());
      made += wide.number;
    });
    reactor.callFromThread([&made, wide = Wide(), text = std::make_unique<int>(1)] {
      EXPECT_TRUE(wide.inPlace());
      made += *text;
    });
  }
  reactor.iterate();
  EXPECT_EQ(made, 50 * (1 + 7 + 1));
}

TEST_F(RemoteCallsAlignment, isThatOfWhatAnotherReactorIsToCall) {
  int sum = 0;
  const auto add = [&sum](int number) { sum += number; };
  callOn(reactor, reactor, [wide = Wide()] {
    EXPECT_TRUE(wide.inPlace());
    return wide.number;
  }).addCallback(add);
  callOn(reactor, reactor, [wide = Wide()]() -> Deferred<int> {
    EXPECT_TRUE(wide.inPlace());
    co_return wide.number;
  }).addCallback(add);
  callOn(
      reactor, reactor,
      [](const Wide& wide) {
        EXPECT_TRUE(wide.inPlace());
        return wide.number;
      },
      Wide())
      .addCallback(add);
  for (int turn = 0; turn < 5; ++turn) reactor.iterate();
  EXPECT_EQ(sum, 3 * 7);
}

TEST_F(RemoteCallsAlignment, isThatOfTheJobsOfThreads) {
  int number = 0;
  deferToThread(reactor, [wide = Wide()] {
    EXPECT_TRUE(wide.inPlace());
    return wide.number;
  }).addCallback([&](int got) {
    number = got;
    reactor.stop();
  });
  run();
  EXPECT_EQ(number, 7);
}

}  // namespace
}  // namespace hawser::tests
