#include "reactor/backend_support.h"

#include <memory>
#include <tuple>
#include <vector>

namespace hawser::tests {
namespace {

/// Channels that are closed between turns, when they have more to do in the next one.
class ChannelClosing : public BackendTest {
 protected:
  struct End {
    ChannelPtr channel;
    FileDescriptor peer;
    std::unique_ptr<Received> received = std::make_unique<Received>();
  };
  /// Each has been told that it may go on, and something has arrived for it.
  std::vector<End> manyThatHaveMoreToDo() {
    std::vector<End> ends(50);
    for (End& end : ends) {
      std::tie(end.channel, end.peer) = connected();
      end.channel->receive(*end.received);
      end.channel->pauseReceiving();
      writeTo(end.peer, "x");
    }
    turn();
    for (End& end : ends) end.channel->resumeReceiving();
    return ends;
  }
};
HAWSER_ON_EVERY_BACKEND(ChannelClosing);

TEST_P(ChannelClosing, callsNobodyAndLeavesTheOthersToGoOn) {
  std::vector<std::vector<End>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(manyThatHaveMoreToDo());
    for (std::size_t k = 0; k < all.back().size(); k += 2) {
      all.back()[k].channel.reset();
      all.back()[k].received.reset();
    }
  }
  turnUntil([&] {
    for (const std::vector<End>& ends : all)
      for (const End& end : ends)
        if (end.channel && end.received->text != "x") return false;
    return true;
  });
}

TEST_P(ChannelClosing, mayBeFollowedByTheEndOfTheBackend) {
  std::vector<End> ends = manyThatHaveMoreToDo();
  for (std::size_t k = 0; k < ends.size(); k += 2) ends[k].channel.reset();
  backend.reset();
  for (const End& end : ends)
    if (end.channel) {
      EXPECT_EQ(end.channel->descriptor(), -1);
    }
}

TEST_P(ChannelClosing, ofAllMayBeDoneByTheFirstThatIsCalled) {
  std::vector<End> ends = manyThatHaveMoreToDo();
  int calls = 0;
  for (End& end : ends)
    end.received->onData = [&] {
      ++calls;
      for (End& each : ends) each.channel.reset();
    };
  turnUntil([&] { return calls != 0; });
  turn();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace hawser::tests
