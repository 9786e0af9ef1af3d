#include "reactor/backend_support.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <random>

namespace hawser::tests {
namespace {

// What only shows in numbers, or at the worst moment.

class Stress : public BackendTest {
 protected:
  static std::size_t openDescriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  /// Bytes that differ from place to place.
  static char byteAt(std::size_t place) { return static_cast<char>(place * 2654435761u >> 13); }
};
HAWSER_ON_EVERY_BACKEND(Stress);

TEST_P(Stress, aStreamLosesNothingHoweverItIsPausedCancelledAndHandedOver) {
  constexpr std::size_t total = 6'000'000;
  for (const unsigned seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto oneIn = [&](unsigned chances) { return random() % chances == 0; };
    auto [channel, peer] = connected();
    ASSERT_EQ(::fcntl(peer.get(), F_SETFL, O_NONBLOCK), 0);
    std::size_t written = 0;
    std::size_t arrived = 0;
    bool wrong = false;
    std::array<Received, 2> handlers;
    std::size_t current = 0;
    bool paused = false;
    bool receiving = false;
    const auto disturb = [&, c = channel.get()] {
      if (oneIn(3)) {
        if (paused)
          c->resumeReceiving();
        else
          c->pauseReceiving();
        paused = !paused;
      }
      if (oneIn(5)) {
        c->cancelReceive();
        receiving = false;
      }
    };
    for (Received& handler : handlers) {
      handler.onData = [&] {
        EXPECT_FALSE(paused);
        EXPECT_EQ(&handler, &handlers[current]);
        for (const char byte : handler.text) wrong |= byte != byteAt(arrived++);
        handler.text.clear();
        if (oneIn(4)) disturb();
      };
    }
    const Backend::TimePoint end = backend->now() + std::chrono::seconds(20);
    std::string piece;
    while (arrived < total && !wrong && backend->now() < end) {
      // Messages of all sizes, in bursts, so that small and large buffers take turns.
      const std::size_t size = std::min<std::size_t>(
          total - written, oneIn(2) ? 1 + random() % 300'000 : 1 + random() % 3000);
      piece.resize(size);
      for (std::size_t i = 0; i < size; ++i) piece[i] = byteAt(written + i);
      const ssize_t taken = ::send(peer.get(), piece.data(), size, MSG_NOSIGNAL);
      if (taken > 0) written += static_cast<std::size_t>(taken);
      if (oneIn(4)) disturb();
      if (!receiving && !oneIn(3)) {
        current = random() % handlers.size();
        channel->receive(handlers[current]);
        receiving = true;
        paused = false;
      } else if (paused && oneIn(2)) {
        channel->resumeReceiving();
        paused = false;
      }
      turn();
    }
    EXPECT_FALSE(wrong) << "at byte " << arrived;
    EXPECT_EQ(arrived, total);
  }
}

TEST_P(Stress, manyChannelsThatAllBecomeBusyAtOnceAreAllServed) {
  constexpr std::size_t count = 400;
  std::vector<std::pair<ChannelPtr, FileDescriptor>> pairs;
  std::vector<Received> received(count);
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(connected());
    pairs.back().first->receive(received[i]);
  }
  turn();
  for (int round = 1; round <= 3; ++round) {
    for (const auto& pair : pairs) writeTo(pair.second, "x");
    turnUntil([&] {
      return std::all_of(received.begin(), received.end(), [&](const Received& one) {
        return one.text.size() == static_cast<std::size_t>(round);
      });
    });
  }
}

TEST_P(Stress, thoseThatArePausedDoNotKeepOthersFromReceiving) {
  constexpr std::size_t count = 40;
  std::vector<std::pair<ChannelPtr, FileDescriptor>> pairs;
  std::vector<Received> received(count);
  const std::string much(150'000, 'x');
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(connected());
    received[i].onData = [c = pairs.back().first.get()] { c->pauseReceiving(); };
    pairs.back().first->receive(received[i]);
    writeTo(pairs.back().second, much);
  }
  for (int i = 0; i < 5; ++i) turn();
  auto [channel, peer] = connected();
  Received own;
  channel->receive(own);
  writeTo(peer, "my turn");
  turnUntil([&] { return own.text == "my turn"; });
  // And they have lost nothing.
  for (std::size_t i = 0; i < count; ++i) {
    received[i].onData = [] {};
    pairs[i].first->resumeReceiving();
  }
  turnUntil([&] {
    return std::all_of(received.begin(), received.end(),
                       [&](const Received& one) { return one.text.size() == much.size(); });
  });
}

TEST_P(Stress, whatAPausedChannelHoldsIsBounded) {
  auto [channel, peer] = connected();
  Received received;
  channel->receive(received);
  turn();
  channel->pauseReceiving();
  ASSERT_EQ(::fcntl(peer.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string piece(100'000, 'x');
  std::size_t written = 0;
  for (int turns = 0; turns < 200; ++turns) {
    const ssize_t taken = ::send(peer.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (taken > 0) written += static_cast<std::size_t>(taken);
    turn();
  }
  EXPECT_LT(written, 4u << 20);
  channel->resumeReceiving();
  turnUntil([&] { return received.text.size() == written; });
}

TEST_P(Stress, aSendAfterACancelledOneComesBehindWhatTheKernelTookOfThat) {
  auto [channel, peer] = connected();
  for (const bool underWay : {false, true}) {
    SendQueue large;
    large.append(std::string(4 << 20, 'a'));
    auto cancelled = std::make_unique<SendOutcome>();
    ASSERT_FALSE(channel->send(large, *cancelled));
    if (underWay) turn();
    channel->cancelSend();
    cancelled.reset();
    SendQueue next;
    next.append("the end");
    SendOutcome outcome;
    bool done = channel->send(next, outcome);
    std::string text;
    char buffer[65536];
    turnUntil([&] {
      const ssize_t count = ::recv(peer.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
      done |= outcome.complete();
      backend->wake();
      return done && text.ends_with("the end");
    });
    EXPECT_EQ(text.find_first_not_of('a'), text.size() - 7);
  }
}

class AtAnyMoment : public Stress {
 protected:
  /// Begins all kinds of operations, makes some turns, and calls `end`.
  void after(int turns, bool wait, const std::function<void(std::vector<ChannelPtr>&)>& end) {
    std::vector<FileDescriptor> peers;
    Accepted accepted;
    Received received;
    SendOutcome sent;
    ConnectOutcome outcome;
    std::vector<ChannelPtr> channels;

    channels.push_back(listening());
    const NativeAddress address = channels[0]->localAddress();
    channels[0]->accept(accepted);
    peers.push_back(client(address));
    peers.push_back(client(address));
    channels.push_back(backend->open(AF_INET, SOCK_STREAM));
    channels.back()->connect(address, outcome);
    for (const bool reading : {false, true}) {
      auto [channel, peer] = connected();
      SendQueue large;
      large.append(std::string(4 << 20, 'x'));
      static_cast<void>(channel->send(large, sent));
      channel->receive(received);
      if (reading) writeTo(peer, std::string(100'000, 'y'));
      channels.push_back(std::move(channel));
      peers.push_back(std::move(peer));
    }
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    channels.push_back(backend->adopt(FileDescriptor(pipe[0])));
    channels.back()->receive(received);
    peers.emplace_back(pipe[1]);
    for (int i = 0; i < turns; ++i) turn();
    if (wait) backend->wait(Backend::TimePoint::min());
    end(channels);
  }
};
HAWSER_ON_EVERY_BACKEND(AtAnyMoment);

TEST_P(AtAnyMoment, channelsMayBeClosedAndNoDescriptorIsLeft) {
  turn();
  const std::size_t before = openDescriptors();
  for (const int turns : {0, 1, 2, 5}) {
    for (const bool wait : {false, true}) {
      SCOPED_TRACE(turns);
      after(turns, wait, [&](std::vector<ChannelPtr>& channels) {
        channels.clear();
        if (wait) backend->deliver();
      });
      for (int i = 0; i < 5; ++i) turn();
      EXPECT_EQ(openDescriptors(), before);
    }
  }
}

TEST_P(AtAnyMoment, operationsMayBeCancelledAndTheChannelsClosedLater) {
  turn();
  const std::size_t before = openDescriptors();
  for (const int turns : {0, 1, 2, 5}) {
    for (const int later : {0, 1, 3}) {
      SCOPED_TRACE(turns);
      after(turns, false, [&](std::vector<ChannelPtr>& channels) {
        for (const ChannelPtr& channel : channels) {
          channel->cancelAccept();
          channel->cancelConnect();
          channel->cancelReceive();
          channel->cancelSend();
        }
        for (int i = 0; i < later; ++i) turn();
      });
      for (int i = 0; i < 5; ++i) turn();
      EXPECT_EQ(openDescriptors(), before);
    }
  }
}

TEST_P(AtAnyMoment, theBackendMayEnd) {
  backend.reset();
  const std::size_t before = openDescriptors();
  for (const int turns : {0, 1, 2, 5}) {
    for (const bool closed : {false, true}) {
      for (const bool wait : {false, true}) {
        SCOPED_TRACE(turns);
        backend = GetParam().make();
        after(turns, wait, [&](std::vector<ChannelPtr>& channels) {
          if (closed) channels.clear();
          backend.reset();
          for (const ChannelPtr& channel : channels) EXPECT_EQ(channel->descriptor(), -1);
        });
        EXPECT_EQ(openDescriptors(), before);
      }
    }
  }
}

}  // namespace
}  // namespace hawser::tests
