#include "net/net_fixture.h"

#include <condition_variable>
#include <mutex>

namespace hawser::nettest {
namespace {

/// A server's protocol or factory that is stuck until its stall has been reported.
class TcpStalls : public TcpTest {
 protected:
  void SetUp() override {
    TcpTest::SetUp();
    reactor.reportStalls(1ms, [this](const Stall& stall) {
      const std::lock_guard lock(mutex_);
      if (stall.kind == Stall::Kind::handler && !reported_) reported_ = stall;
      changed_.notify_all();
    });
  }
  void TearDown() override { reactor.ignoreStalls(); }

  void hold() {
    std::unique_lock lock(mutex_);
    reported_.reset();
    if (!changed_.wait_for(lock, 20s, [this] { return reported_.has_value(); }))
      ADD_FAILURE() << "nobody reported the stall";
    held_ = reported_;
  }
  void expectReported(const char* event, const std::type_info& type) {
    until([&] { return held_.has_value(); });
    ASSERT_TRUE(held_);
    EXPECT_STREQ(held_->what, event);
    ASSERT_TRUE(held_->object);
    EXPECT_EQ(*held_->object, type) << held_->toString();
    held_.reset();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Stall> reported_;  // guarded by mutex_
  std::optional<Stall> held_;
};

TEST_P(TcpStalls, areNamedByTheTypeOfTheProtocolAndItsEvent) {
  NOT_SIMULATED("the peer is a plain socket");
  peers->prepare = [this](Peer& server) {
    server.onMade = [this](Peer&) { hold(); };
    server.onData = [this](Peer&, std::string_view) { hold(); };
    server.onLost = [this](Peer&) { hold(); };
  };
  const RawSocket client = RawSocket::connectedTo(port->getHost());
  expectReported("connectionMade", typeid(Peer));
  client.send("go");
  expectReported("dataReceived", typeid(Peer));
  peers->peers.back()->transport().abortConnection();
  expectReported("connectionLost", typeid(Peer));
}

TEST_P(TcpStalls, areNamedByTheTypeOfTheFactory) {
  NOT_SIMULATED("the peer is a plain socket");
  peers->prepare = [this](Peer&) { hold(); };
  const RawSocket client = RawSocket::connectedTo(port->getHost());
  expectReported("buildProtocol", typeid(PeerFactory));
}

INSTANTIATE_TEST_SUITE_P(Loopback, TcpStalls, ::testing::Values("127.0.0.1"),
                         [](const auto&) { return "IPv4"; });

}  // namespace
}  // namespace hawser::nettest
