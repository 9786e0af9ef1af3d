#include "torture/torture.h"

#include <hawser/net/errors.h>
#include <hawser/net/protocol.h>
#include <hawser/net/stdio.h>
#include <hawser/net/transport.h>

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace hawser::torture {
namespace {

constexpr std::size_t size = 200'000;

/// Sends something, finishes, and waits for the other to finish.
class Talker final : public Protocol {
 public:
  void connectionMade() override {
    transport().write(std::string(size, 'x'));
    transport().loseWriteConnection();
  }
  void dataReceived(std::string_view bytes) override { received += bytes.size(); }
  void readConnectionLost() override {
    ended = true;
    transport().loseConnection();
  }
  void connectionLost(const Failure& why) override {
    lost = why;
    over();
  }
  std::size_t received = 0;
  bool ended = false;
  std::optional<Failure> lost;
  std::function<void()> over;
};

/// Two pairs of numbers, for two programs that talk with each other; a number may be in both places
/// of a pair.
struct Ends {
  std::array<int, 2> one;
  std::array<int, 2> other;
};

Ends pipes() {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  EXPECT_EQ(::pipe2(there.data(), O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(back.data(), O_CLOEXEC), 0);
  return {{back[0], there[1]}, {there[0], back[1]}};
}
Ends sockets() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {{ends[0], ends[0]}, {ends[1], ends[1]}};
}
/// The first program's are the numbers that every program has.
Ends standard() {
  Ends ends = pipes();
  for (const int number : {STDIN_FILENO, STDOUT_FILENO}) {
    int& end = ends.one[static_cast<std::size_t>(number)];
    EXPECT_EQ(::dup2(end, number), number);
    ::close(std::exchange(end, number));
  }
  return ends;
}

struct Kind {
  const char* name;
  Ends (*make)();
};
constexpr Kind kinds[] = {{"pipes", pipes}, {"sockets", sockets}, {"standard", standard}};

/// Standard input and output are as they were when it has gone.
class StandardKept {
 public:
  StandardKept() = default;
  ~StandardKept() {
    const Untortured calm;
    for (std::size_t number = 0; number < kept_.size(); ++number)
      ::dup2(kept_[number].get(), static_cast<int>(number));
  }
  StandardKept(const StandardKept&) = delete;
  StandardKept& operator=(const StandardKept&) = delete;

 private:
  static FileDescriptor keep(int number) {
    const Untortured calm;
    return FileDescriptor(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  }
  std::array<FileDescriptor, 2> kept_{keep(STDIN_FILENO), keep(STDOUT_FILENO)};
};

class TwoPrograms {
 public:
  TwoPrograms(const char* backend, const Kind& kind) : kind_(kind), watched_(backend) {}

  void run() {
    watched_.reactor.callWhenRunning([this] {
      const Ends ends = [this] {
        const Untortured calm;
        return kind_.make();
      }();
      begin(*talkers_[0], ends.one);
      begin(*talkers_[1], ends.other);
    });
    const bool ran = watched_.run();
    const bool both = begun_ == 2;
    for (const auto& talker : talkers_) {
      if (!talker->lost) continue;
      expectTyped(*talker->lost);
      const bool whole = talker->ended && talker->received == size;
      if (talker->lost->check<ConnectionDone>()) {
        EXPECT_TRUE(whole || !both || !ran || talkers_[0]->lost->check<ConnectionLost>() ||
                    talkers_[1]->lost->check<ConnectionLost>())
            << talker->received << " bytes were taken for all of them";
      }
    }
  }

 private:
  void begin(Talker& talker, const std::array<int, 2>& ends) {
    talker.over = [this] {
      if (--open_ == 0) watched_.reactor.stop();
    };
    ++open_;
    ++begun_;
    try {
      const StandardIO console(watched_.reactor,
                               std::static_pointer_cast<Protocol>(talker.shared_from_this()),
                               ends[0], ends[1]);
    } catch (const std::system_error& error) {
      EXPECT_NE(error.code().value(), 0);
      --begun_;
      // They were not taken over. To see their end is what the other one waits for.
      const Untortured calm;
      for (const int number : ends) {
        EXPECT_TRUE(::fcntl(number, F_GETFD) >= 0 || ends[0] == ends[1]);
        ::close(number);
      }
      talker.over();
    }
  }

  const Kind& kind_;
  StandardKept kept_;
  QuietLog log_;
  std::array<std::shared_ptr<Talker>, 2> talkers_{std::make_shared<Talker>(),
                                                  std::make_shared<Talker>()};
  int open_ = 0;
  int begun_ = 0;
  Watched watched_;
};

class StandardInput : public ::testing::TestWithParam<Case> {};

TEST_P(StandardInput, endsForBothSidesWhicheverCallFails) {
  for (const Kind& kind : kinds) {
    SCOPED_TRACE(kind.name);
    walk(GetParam().failing, [&] {
      runProgram([&] { return std::make_unique<TwoPrograms>(GetParam().backend, kind); });
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, StandardInput, ::testing::ValuesIn(allCases()), nameOf);

/// A terminal is left as it was, and open.
class TerminalInput : public ::testing::TestWithParam<Case> {};

class LineReader final : public Protocol {
 public:
  void dataReceived(std::string_view) override { transport().loseConnection(); }
  void connectionLost(const Failure& why) override {
    expectTyped(why);
    over();
  }
  std::function<void()> over;
};

TEST_P(TerminalInput, isLeftToOthersWhicheverCallFails) {
  const char* const backend = GetParam().backend;
  walk(GetParam().failing, [backend] {
    const QuietLog log;
    int master = -1;
    int slave = -1;
    {
      const Untortured calm;
      ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    }
    const FileDescriptor program(slave);
    const FileDescriptor person(master);
    runProgram([&, backend] {
      struct Program {
        Watched watched;
        int terminal;
        void run() {
          const auto reader = std::make_shared<LineReader>();
          reader->over = [this] { watched.reactor.stop(); };
          watched.reactor.callWhenRunning([&] {
            try {
              const StandardIO console(watched.reactor, reader, terminal, terminal);
            } catch (const std::system_error& error) {
              EXPECT_NE(error.code().value(), 0);
              watched.reactor.stop();
            }
          });
          watched.run();
        }
      };
      {
        const Untortured calm;
        EXPECT_EQ(::write(master, "hello\n", 6), 6);
      }
      return std::unique_ptr<Program>(new Program{Watched(backend), slave});
    });
    const Untortured calm;
    EXPECT_EQ(::isatty(slave), 1) << "it was closed";
    if (log.text.find("put back") == std::string::npos) {
      EXPECT_EQ(::fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(, TerminalInput, ::testing::ValuesIn(allCases()), nameOf);

}  // namespace
}  // namespace hawser::torture
