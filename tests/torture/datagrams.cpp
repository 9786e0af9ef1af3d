#include "torture/torture.h"

#include <hawser/net/datagram_protocol.h>
#include <hawser/net/datagram_transport.h>
#include <hawser/net/errors.h>
#include <hawser/net/udp.h>
#include <hawser/net/unix.h>

#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>

namespace hawser::torture {
namespace {

constexpr int enough = 3;  // answers

/// Is told when it begins and ends, in this order, once each.
class Member : public DatagramProtocol {
 public:
  ~Member() override { EXPECT_TRUE(!began_ || ended_) << "was never told of its end"; }
  void startProtocol() override { began_ = true; }
  void stopProtocol() override {
    EXPECT_TRUE(began_ && !ended_);
    ended_ = true;
  }
  bool open() const { return began_ && !ended_; }

 protected:
  /// What is not sent is lost, as on the way.
  template <class... To>
  void send(std::string_view text, const To&... to) {
    try {
      transport().write(text, to...);
    } catch (const DatagramError& error) {
      EXPECT_STRNE(error.what(), "");
    }
  }

 private:
  bool began_ = false;
  bool ended_ = false;
};

class Echo final : public Member {
 public:
  void datagramReceived(std::string_view datagram, const Address& from) override {
    send(datagram, from);
  }
};

class Asker final : public Member {
 public:
  void ask() { send("a question"); }
  void datagramReceived(std::string_view datagram, const Address&) override {
    EXPECT_EQ(datagram, "a question");
    if (++answers < enough) ask();
  }
  bool done() const { return answers >= enough || !open(); }
  int answers = 0;
};

/// How a server is opened, and a client that is connected with it.
struct Kind {
  const char* name;
  std::shared_ptr<DatagramTransport> (*listen)(Reactor&, const std::string& path,
                                               std::shared_ptr<DatagramProtocol>);
  std::shared_ptr<DatagramTransport> (*connect)(Reactor&, const DatagramTransport& server,
                                                const std::string& path,
                                                std::shared_ptr<DatagramProtocol>);
};

const Kind kinds[] = {
    {"udp",
     [](Reactor& reactor, const std::string&, std::shared_ptr<DatagramProtocol> protocol) {
       return listenUDP(reactor, 0, std::move(protocol),
                        {.interface = "127.0.0.1", .listenMultiple = true});
     },
     [](Reactor& reactor, const DatagramTransport& server, const std::string&,
        std::shared_ptr<DatagramProtocol> protocol) {
       auto client = listenUDP(reactor, 0, std::move(protocol), {.interface = "127.0.0.1"});
       client->connect(server.getHost());
       return client;
     }},
    {"unix",
     [](Reactor& reactor, const std::string& path, std::shared_ptr<DatagramProtocol> protocol) {
       return listenUNIXDatagram(reactor, path, std::move(protocol));
     },
     [](Reactor& reactor, const DatagramTransport& server, const std::string& path,
        std::shared_ptr<DatagramProtocol> protocol) {
       return connectUNIXDatagram(reactor, std::string(server.getHost().path()),
                                  std::move(protocol), 65'536, 0666, path);
     }},
};

/// Two servers, each with a client that asks it until it has been answered often enough: of what
/// gets lost on the way it asks again.
class Conversations {
 public:
  Conversations(const char* backend, const Kind& kind) : kind_(kind), watched_(backend) {}

  void run() {
    watched_.reactor.callWhenRunning([this] { begin(); });
    const bool ran = watched_.run();
    check(ran);
  }

 private:
  struct Pair {
    std::shared_ptr<Echo> echo = std::make_shared<Echo>();
    std::shared_ptr<Asker> asker = std::make_shared<Asker>();
    bool open = false;
  };

  void begin() {
    std::string name = "a";
    for (Pair& pair : pairs_) {
      try {
        const auto server = kind_.listen(watched_.reactor, folder_ / name.c_str(), pair.echo);
        name[0]++;
        kind_.connect(watched_.reactor, *server, folder_ / name.c_str(), pair.asker);
        name[0]++;
        pair.open = true;
      } catch (const CannotListenError& error) {
        EXPECT_STRNE(error.what(), "");
      } catch (const DatagramError& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
    ask();
  }

  void ask() {
    const bool done = std::all_of(pairs_.begin(), pairs_.end(), [](const Pair& pair) {
      return !pair.open || pair.asker->done() || !pair.echo->open();
    });
    if (done) return end();
    for (Pair& pair : pairs_)
      if (pair.open && !pair.asker->done()) pair.asker->ask();
    watched_.reactor.callLater(2ms, [this] { ask(); });
  }

  void end() {
    // One is closed, the others end with their reactor.
    if (pairs_[0].echo->open())
      pairs_[0].echo->transport().stopListening().addErrback(logging::err);
    watched_.reactor.callLater(0ms, [this] { watched_.reactor.stop(); });
  }

  void check(bool ran) {
    int whole = 0;
    for (const Pair& pair : pairs_) {
      EXPECT_FALSE(pair.echo->open());
      EXPECT_FALSE(pair.asker->open());
      if (pair.asker->answers >= enough) ++whole;
    }
    if (ran) {
      EXPECT_GE(whole, 1) << "one call failed, and two conversations";
    }
    EXPECT_TRUE(folder_.files().empty() || log_.text.find("removed") != std::string::npos)
        << folder_.files().front() << " was left";
  }

  const Kind& kind_;
  QuietLog log_;
  Folder folder_;
  std::array<Pair, 2> pairs_;
  Watched watched_;
};

class Datagrams : public ::testing::TestWithParam<Case> {};

TEST_P(Datagrams, goOnOrSayWhyNotWhicheverCallFails) {
  for (const Kind& kind : kinds) {
    SCOPED_TRACE(kind.name);
    walk(GetParam().failing, [&] {
      runProgram([&] { return std::make_unique<Conversations>(GetParam().backend, kind); });
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, Datagrams, ::testing::ValuesIn(allCases()), nameOf);

/// What is asked of a port for groups.
class Multicast : public ::testing::TestWithParam<Case> {};

TEST_P(Multicast, optionsAreSetOrSayWhyNot) {
  const char* const backend = GetParam().backend;
  walk(GetParam().failing, [backend] {
    Watched watched(backend);
    try {
      for (const char* const interface : {"0.0.0.0", "::1"}) {
        const bool ipv4 = std::string_view(interface) == "0.0.0.0";
        const auto port =
            listenUDP(watched.reactor, 0, std::make_shared<Echo>(), {.interface = interface});
        int failures = 0;
        const auto expectFailure = [&](const Failure& why) {
          expectTyped(why);
          ++failures;
        };
        const char* const group = ipv4 ? "224.0.0.251" : "ff01::1234";
        port->joinGroup(group, ipv4 ? "127.0.0.1" : "lo").addErrback(expectFailure);
        port->leaveGroup(group, ipv4 ? "127.0.0.1" : "lo").addErrback(expectFailure);
        port->setOutgoingInterface("lo").addErrback(expectFailure);
        const auto attempt = [&](auto option) {
          try {
            option();
          } catch (const SocketOptionError& error) {
            EXPECT_STRNE(error.what(), "");
            ++failures;
          }
        };
        attempt([&] { port->setBroadcastAllowed(true); });
        attempt([&] { EXPECT_TRUE(port->getBroadcastAllowed() || failures == 1); });
        attempt([&] { port->setTTL(2); });
        attempt([&] { EXPECT_TRUE(port->getTTL() == 2 || failures == 1); });
        attempt([&] { port->setLoopbackMode(false); });
        attempt([&] { EXPECT_TRUE(!port->getLoopbackMode() || failures == 1); });
        EXPECT_LE(failures, 2) << "what could not be joined cannot be left";
      }
    } catch (const CannotListenError& error) {
      EXPECT_STRNE(error.what(), "");
    }
    watched.reactor.callWhenRunning([&] { watched.reactor.stop(); });
    EXPECT_TRUE(watched.run());
  });
}

INSTANTIATE_TEST_SUITE_P(, Multicast,
                         ::testing::ValuesIn(casesOf({"setsockopt", "getsockopt", "getsockname",
                                                      "if_nametoindex"})),
                         nameOf);

}  // namespace
}  // namespace hawser::torture
