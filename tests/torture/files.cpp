#include "torture/torture.h"

#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/file_descriptor_receiver.h>
#include <hawser/net/protocol.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>
#include <hawser/net/unix.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hawser::torture {
namespace {

constexpr std::size_t fileBytes = 300'000;
constexpr std::size_t before = 64;
constexpr std::size_t after = 100;

/// Counts what it gets, and says how much that was when it has got all.
class Counter final : public Protocol, public FileDescriptorReceiver {
 public:
  void dataReceived(std::string_view bytes) override {
    EXPECT_TRUE(received > 0 || !expectsDescriptor || descriptors == 1)
        << "a byte came before its descriptor";
    received += bytes.size();
  }
  void fileDescriptorReceived(FileDescriptor descriptor) override {
    EXPECT_TRUE(descriptor);
    ++descriptors;
  }
  void readConnectionLost() override {
    transport().write(std::to_string(received));
    transport().loseConnection();
  }
  void connectionLost(const Failure& why) override { lost = why; }

  bool expectsDescriptor = false;
  int descriptors = 0;
  std::size_t received = 0;
  std::optional<Failure> lost;
};

class Counters final : public ServerFactory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override {
    all.push_back(std::make_shared<Counter>());
    all.back()->expectsDescriptor = peer.family() == Address::Family::local;
    return all.back();
  }
  std::vector<std::shared_ptr<Counter>> all;
};

/// Sends a descriptor, if that is possible, some bytes, a file, some more, and waits for the
/// answer.
class Sender final : public Protocol {
 public:
  explicit Sender(std::string path) : path_(std::move(path)) {}

  void connectionMade() override {
    if (transport().getPeer().family() == Address::Family::local) {
      try {
        transport().sendFileDescriptor(STDERR_FILENO);
      } catch (const std::system_error& error) {
        EXPECT_NE(error.code().value(), 0);
        transport().abortConnection();
        return;
      }
    }
    transport().write(std::string(before, 'a'));
    transport()
        .sendFile(path_)
        .addBoth([this](const Result<std::uint64_t>& result) {
          EXPECT_FALSE(fileEnded) << "told twice";
          fileEnded = true;
          fileSent = static_cast<bool>(result);
          if (!result) return expectTyped(result.failure());
          EXPECT_EQ(*result, fileBytes);
        })
        .addErrback(logging::err);
    transport().write(std::string(after, 'b'));
    transport().loseWriteConnection();
  }
  void dataReceived(std::string_view bytes) override { answer += bytes; }
  void connectionLost(const Failure& why) override {
    EXPECT_TRUE(fileEnded || why.check<ConnectionAborted>()) << "nobody was told how that went";
    lost = why;
    if (over) over();
  }

  bool whole() const {
    return fileSent && answer == std::to_string(before + fileBytes + after) &&
           lost->check<ConnectionDone>();
  }

  bool fileEnded = false;
  bool fileSent = false;
  std::string answer;
  std::optional<Failure> lost;
  std::function<void()> over;

 private:
  std::string path_;
};

enum class Over { tcp, unixSocket };

/// What a server leaves that has died: its socket, and a lock with the number of no process.
void leaveADeadServer(const std::string& path) {
  const Untortured calm;
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::symlink("99999999", (path + ".lock").c_str()), 0);
}

/// A server where a dead one was, with two clients one after the other.
class Delivery {
 public:
  Delivery(const char* backend, Over over) : over_(over), watched_(backend) {
    std::ofstream(folder_ / "file") << std::string(fileBytes, 'x');
    if (over == Over::unixSocket) leaveADeadServer(path_);
  }

  void run() {
    watched_.reactor.callWhenRunning([this] { begin(); });
    const bool ran = watched_.run();
    check(ran);
  }

 private:
  void begin() {
    try {
      port_ = over_ == Over::tcp
                  ? listenTCP(watched_.reactor, 0, counters_, defaultBacklog, "127.0.0.1")
                  : listenUNIX(watched_.reactor, path_, counters_, defaultBacklog, 0600, true);
    } catch (const CannotListenError& error) {
      EXPECT_STRNE(error.what(), "");
      return finish();
    }
    connect(0);
  }

  ClientEndpoint endpoint() {
    if (over_ == Over::tcp) return clientFromString(watched_.reactor, port_->getHost().toString());
    return UNIXClientEndpoint(watched_.reactor, path_, 5s, true);
  }

  void connect(std::size_t which) {
    if (which == senders_.size()) return finish();
    const auto sender = senders_[which] = std::make_shared<Sender>(folder_ / "file");
    const auto next = [this, which] {
      watched_.reactor.callLater(0ms, [this, which] { connect(which + 1); });
    };
    sender->over = next;
    connectProtocol(endpoint(), sender)
        .addCallback([](const std::shared_ptr<Sender>&) {})
        .addErrback([next](const Failure& why) {
          expectTyped(why);
          next();
        });
  }

  void finish() {
    if (port_) port_->stopListening().addErrback(logging::err);
    watched_.reactor.callLater(0ms, [this] { watched_.reactor.stop(); });
  }

  void check(bool ran) {
    int whole = 0;
    for (const auto& sender : senders_) {
      if (!sender || !sender->lost) continue;
      expectTyped(*sender->lost);
      if (sender->whole()) ++whole;
    }
    for (const auto& counter : counters_->all) {
      ASSERT_TRUE(counter->lost) << "a protocol was never told that its connection is over";
      expectTyped(*counter->lost);
      EXPECT_LE(counter->received, before + fileBytes + after);
    }
    if (ran && port_ && log_.text.find("the port is closed") == std::string::npos) {
      EXPECT_GE(whole, 1) << "one call failed, and two conversations";
    }
    // Where no server came, what the dead one left may have stayed.
    for (const std::string& name : folder_.files())
      EXPECT_TRUE(name == "file" || !port_ || log_.text.find("removed") != std::string::npos)
          << name << " was left";
  }

  Over over_;
  QuietLog log_;
  Folder folder_;
  std::string path_ = folder_ / "socket";
  std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  std::shared_ptr<Port> port_;
  std::array<std::shared_ptr<Sender>, 2> senders_;
  Watched watched_;
};

class Deliveries : public ::testing::TestWithParam<Case> {};

TEST_P(Deliveries, ofFilesAndDescriptorsAreWholeOrFailWithATypeOfTheirOwn) {
  for (const Over over : {Over::tcp, Over::unixSocket}) {
    SCOPED_TRACE(over == Over::tcp ? "over TCP" : "over a UNIX socket");
    walk(GetParam().failing,
         [&] { runProgram([&] { return std::make_unique<Delivery>(GetParam().backend, over); }); });
  }
}

INSTANTIATE_TEST_SUITE_P(, Deliveries, ::testing::ValuesIn(allCases()), nameOf);

}  // namespace
}  // namespace hawser::torture
