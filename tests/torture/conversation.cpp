#include "torture/torture.h"

#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>

#include <array>
#include <csignal>
#include <memory>
#include <optional>

namespace hawser::torture {
namespace {

constexpr std::size_t small = 64;
constexpr std::size_t large = 1024 * 1024;

/// Echoes, and finishes when the other has.
class Echo final : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
  void connectionLost(const Failure& why) override { lost = why; }
  std::optional<Failure> lost;
};

/// Sends a little, then much, finishes, and waits for all of it to come back.
class Talker final : public Protocol {
 public:
  void connectionMade() override { transport().write(std::string(small, 'a')); }
  void dataReceived(std::string_view bytes) override {
    const bool first = received < small;
    received += bytes.size();
    if (!first || received < small) return;
    transport().write(std::string(large, 'b'));
    transport().loseWriteConnection();
  }
  void readConnectionLost() override {
    ended = true;
    transport().loseConnection();
  }
  void connectionLost(const Failure& why) override {
    lost = why;
    if (over) over();
  }

  bool whole() const { return ended && received == small + large; }

  std::size_t received = 0;
  bool ended = false;
  std::optional<Failure> lost;
  std::function<void()> over;
};

class Echoes final : public ServerFactory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    all.push_back(std::make_shared<Echo>());
    return all.back();
  }
  std::vector<std::shared_ptr<Echo>> all;
};

/// What SIGINT and SIGTERM do, which a shell may have had ignored. It is restored in the end, since
/// a reactor that may not do so leaves its own.
class StopSignals {
 public:
  StopSignals() noexcept : interrupt_(did(SIGINT)), terminate_(did(SIGTERM)) {}
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals() {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGTERM, terminate_);
  }
  bool asBefore() const noexcept { return did(SIGINT) == interrupt_ && did(SIGTERM) == terminate_; }

 private:
  using Handler = void (*)(int);
  static Handler did(int signal) noexcept {
    const Handler found = std::signal(signal, SIG_DFL);
    std::signal(signal, found);
    return found;
  }

  Handler interrupt_;
  Handler terminate_;
};

/// A whole program: endpoints from text, a server, two clients that talk to it one after the
/// other, a name that is looked up, timers, calls across threads, a signal that ends it.
class Program {
 public:
  explicit Program(const char* backend) : watched_(backend) {}

  void run() {
    watched_.reactor.callWhenRunning([this] { begin(); });
    const bool ran = watched_.run();
    check(ran);
  }

 private:
  void begin() {
    serverFromString(watched_.reactor, "tcp:0:interface=127.0.0.1")
        .listen(echoes_)
        .addCallback([this](const std::shared_ptr<Port>& port) {
          port_ = port;
          connect(0);
        })
        .addErrback([this](const Failure& why) {
          expectTyped(why);
          EXPECT_TRUE(why.check<CannotListenError>());
          finish();
        });
  }

  void connect(std::size_t which) {
    if (which == talkers_.size()) return finish();
    talkers_[which] = std::make_shared<Talker>();
    const auto talker = talkers_[which];
    talker->over = [this, which] {
      watched_.reactor.callFromThread([this, which] { connect(which + 1); });
    };
    const std::string where = port_->getHost().toString();
    // The port may be one that cannot say where it is.
    connectProtocol(clientFromString(watched_.reactor, where.empty() ? "tcp:127.0.0.1:1" : where),
                    talker)
        .addCallback([](const std::shared_ptr<Talker>&) {})
        .addErrback([this, which](const Failure& why) {
          expectTyped(why);
          failures_.push_back(why);
          watched_.reactor.callLater(0ms, [this, which] { connect(which + 1); });
        });
  }

  void finish() {
    if (!watched_.reactor.running() || watched_.reactor.stopping()) return;
    if (port_) port_->stopListening().addErrback(logging::err);
    ::raise(SIGTERM);
    // A signal that could not be caught by this reactor has ended the program by now.
  }

  void check(bool ran) {
    int whole = 0;
    for (const auto& talker : talkers_) {
      if (!talker || !talker->lost) continue;
      expectTyped(*talker->lost);
      EXPECT_EQ(talker->lost->check<ConnectionDone>(), talker->whole())
          << talker->received << " bytes were taken for all of them";
      if (talker->whole()) ++whole;
    }
    for (const auto& echo : echoes_->all) {
      ASSERT_TRUE(echo->lost) << "a protocol was never told that its connection is over";
      expectTyped(*echo->lost);
    }
    // A port that can accept no more says so, and then there are no further conversations.
    EXPECT_TRUE(signals_.asBefore() || log_.text.find("cannot be given back") != std::string::npos);
    if (!ran || !port_ || log_.text.find("the port is closed") != std::string::npos) return;
    EXPECT_GE(whole, 1) << "one call failed, and two conversations";
  }

  QuietLog log_;
  const StopSignals signals_;
  Watched watched_;
  std::shared_ptr<Echoes> echoes_ = std::make_shared<Echoes>();
  std::shared_ptr<Port> port_;
  std::array<std::shared_ptr<Talker>, 2> talkers_;
  std::vector<Failure> failures_;
};

class Conversation : public ::testing::TestWithParam<Case> {};

TEST_P(Conversation, endsInTypedFailuresWhicheverCallFails) {
  const char* const backend = GetParam().backend;
  const int failed = walk(GetParam().failing, [backend] {
    runProgram([backend] { return std::make_unique<Program>(backend); });
  });
  RecordProperty("failed", failed);
}

INSTANTIATE_TEST_SUITE_P(, Conversation, ::testing::ValuesIn(allCases()), nameOf);

}  // namespace
}  // namespace hawser::torture
