#include "net/net_fixture.h"

#include <hawser/net/host_lookup.h>
#include <hawser/reactor/process_output.h>
#include <hawser/reactor/threads.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

namespace hawser::nettest {
namespace {

// A fork where much is open and much goes on must not hand on a descriptor, wait for a lock that
// another thread held, or hold up those who go on.

class Echo final : public Protocol {
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
};
class Echoes final : public ServerFactory {
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    return std::make_shared<Echo>();
  }
};

/// Says the same again and again, and counts how often it has come back.
class Talker final : public Protocol {
 public:
  void connectionMade() override { transport().write(words); }
  void dataReceived(std::string_view bytes) override {
    heard += bytes;
    if (heard.size() < words.size()) return;
    EXPECT_EQ(heard, words);
    heard.clear();
    ++rounds;
    transport().write(words);
  }
  void connectionLost(const Failure&) override { lost = true; }

  static constexpr std::string_view words = "the same words again";
  std::string heard;
  int rounds = 0;
  bool lost = false;
};

/// Threads that allocate and call back, threads that look up names, and a row of processes. Shared,
/// since a name that is being looked up may come later than the end of the test.
class Busy : public std::enable_shared_from_this<Busy> {
 public:
  explicit Busy(Reactor& reactor) : reactor_(reactor) {
    if (::gethostname(host_, sizeof host_ - 1) != 0) ADD_FAILURE() << "this machine has no name";
  }

  void work() {
    if (enough) return;
    deferToThread(reactor_, [] {
      return std::make_unique<std::string>(100'000, 'x');
    }).addBoth([self = shared_from_this()](const Result<std::unique_ptr<std::string>>&) {
      ++self->jobs;
      self->work();
    });
  }
  void lookUp() {
    if (enough) return;
    lookupHost(reactor_, host_, 80)
        .addBoth(
            [self = shared_from_this()](const Result<std::vector<Address>>&) { self->lookUp(); });
  }
  /// Each tells which descriptors it has.
  void startProcess() {
    if (left == 0) return;
    --left;
    ++running;
    getProcessOutput(reactor_, "ls", {"/proc/self/fd"})
        .addBoth([self = shared_from_this()](const Result<std::string>& listed) {
          // Its own three, and the folder.
          EXPECT_EQ(listed ? *listed : listed.failure().getErrorMessage(), "0\n1\n2\n3\n");
          --self->running;
          self->startProcess();
        });
  }

  bool enough = false;
  int jobs = 0;
  int left = 60;
  int running = 0;

 private:
  Reactor& reactor_;
  char host_[256] = {};
};

std::ptrdiff_t openDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

using TcpProcesses = NetTest;

TEST_F(TcpProcesses, startAmongBusyThreadsAndManyConnections) {
  NOT_SIMULATED("processes are the kernel's");
  const auto port = listenTCP(reactor, 0, std::make_shared<Echoes>(), 128, "127.0.0.1");
  const TCP4ClientEndpoint server(reactor, "127.0.0.1", port->getHost().port());
  std::vector<std::shared_ptr<Talker>> talkers;
  for (int i = 0; i < 100; ++i)
    talkers.push_back(valueOf(connectProtocol(server, std::make_shared<Talker>())));
  const auto busy = std::make_shared<Busy>(reactor);
  for (int i = 0; i < 4; ++i) busy->work();
  for (int i = 0; i < 2; ++i) busy->lookUp();
  until([&] { return busy->jobs > 20; });

  const std::ptrdiff_t open = openDescriptors();
  std::vector<int> rounds;
  for (const auto& talker : talkers) rounds.push_back(talker->rounds);
  const int jobs = busy->jobs;
  for (int i = 0; i < 4; ++i) busy->startProcess();
  until([&] { return busy->left == 0 && busy->running == 0; });

  EXPECT_GT(busy->jobs, jobs) << "threads were held up";
  for (std::size_t i = 0; i < talkers.size(); ++i) {
    EXPECT_GT(talkers[i]->rounds, rounds[i]) << "a connection was held up";
    EXPECT_FALSE(talkers[i]->lost);
  }
  busy->enough = true;
  settle();
  // Looking up a name takes some for a moment.
  EXPECT_LT(openDescriptors(), open + 20) << "descriptors were left";
  siginfo_t info{};
  EXPECT_TRUE(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD);
}

}  // namespace
}  // namespace hawser::nettest
