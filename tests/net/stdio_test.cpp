#include "net/unix_fixture.h"

#include <hawser/net/stdio.h>

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <fstream>

namespace hawser::nettest {
namespace {

/// A pair of descriptors for a StandardIO, and the other ends of both.
class Stdio : public NetTest {
 protected:
  struct Ends {
    int input = -1;  // both are the StandardIO's, which closes them
    int output = -1;
    FileDescriptor to;
    FileDescriptor from;
  };
  static Ends pipes() {
    int in[2];
    int out[2];
    EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    return {in[0], out[1], FileDescriptor(in[1]), FileDescriptor(out[0])};
  }
  static void say(const FileDescriptor& to, std::string_view text) {
    ASSERT_EQ(::write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// What is there, without waiting; "END" at the end.
  static std::string hear(const FileDescriptor& from) {
    ::fcntl(from.get(), F_SETFL, O_NONBLOCK);
    std::array<char, 1000> bytes;
    const ssize_t size = ::read(from.get(), bytes.data(), bytes.size());
    if (size < 0) return "";
    return size == 0 ? "END" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }
  std::string hearSoon(const FileDescriptor& from) {
    std::string heard;
    until([&] { return !(heard = hear(from)).empty(); });
    return heard;
  }
  static bool blocks(int descriptor) { return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0; }
  static bool isOpen(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

  std::shared_ptr<Peer> program = std::make_shared<Peer>();
};

TEST_F(Stdio, isAConnectionOfTwoPipes) {
  const Ends ends = pipes();
  const StandardIO console(reactor, program, ends.input, ends.output);
  EXPECT_TRUE(program->made());
  EXPECT_EQ(&console.transport(), &program->transport());
  EXPECT_EQ(console.transport().getPeer(), Address());
  program->onData = [](Peer& self, std::string_view bytes) {
    self.transport().write("<" + std::string(bytes) + ">");
  };
  say(ends.to, "hello");
  EXPECT_EQ(hearSoon(ends.from), "<hello>");
  program->transport().loseConnection();
  until([&] { return program->lost(); });
  EXPECT_EQ(program->lostWith(), "ConnectionDone");
  EXPECT_EQ(hearSoon(ends.from), "END");
  EXPECT_FALSE(isOpen(ends.input));
  EXPECT_FALSE(isOpen(ends.output));
}

TEST_F(Stdio, endsWithItsInputOnceAllIsWritten) {
  Ends ends = pipes();
  const StandardIO console(reactor, program, ends.input, ends.output);
  say(ends.to, "last words");
  program->onReadLost = [](Peer& self) {
    self.transport().write(self.received);
    self.transport().loseConnection();
  };
  ends.to.reset();
  until([&] { return program->lost(); });
  EXPECT_EQ(hearSoon(ends.from), "last words");
  EXPECT_EQ(hearSoon(ends.from), "END");
}

TEST_F(Stdio, canEndItsOutputAndGoOnReading) {
  const Ends ends = pipes();
  const StandardIO console(reactor, program, ends.input, ends.output);
  program->transport().write("that is all");
  program->transport().loseWriteConnection();
  until([&] { return program->events.back() == "writeLost"; });
  EXPECT_EQ(hearSoon(ends.from), "that is all");
  EXPECT_EQ(hearSoon(ends.from), "END");
  say(ends.to, "still here?");
  until([&] { return program->received == "still here?"; });
  program->transport().write("nobody gets this");
  program->transport().loseConnection();
  until([&] { return program->lost(); });
}

TEST_F(Stdio, learnsWhenItsReaderIsGone) {
  Ends ends = pipes();
  const StandardIO console(reactor, program, ends.input, ends.output);
  ends.from.reset();
  // The number that was given is open still: it is not the reader.
  program->transport().write("is anybody there?");
  until([&] { return program->lost(); });
  ASSERT_TRUE(program->reason->check<ConnectionLost>());
  EXPECT_EQ(program->reason->get<ConnectionLost>()->osError(), EPIPE);
}

TEST_F(Stdio, carriesMuchToASlowReader) {
  const Ends ends = pipes();
  const StandardIO console(reactor, program, ends.input, ends.output);
  const std::string much(1'000'000, 'x');
  program->transport().write(much);
  program->transport().loseConnection();
  std::size_t heard = 0;
  for (std::string text; text != "END"; heard += text == "END" ? 0 : text.size())
    text = hearSoon(ends.from);
  EXPECT_EQ(heard, much.size());
}

TEST_F(Stdio, leavesTheFlagsOfAPipeAlone) {
  const Ends ends = pipes();
  {
    const StandardIO console(reactor, program, ends.input, ends.output);
    settle();
    EXPECT_TRUE(blocks(ends.input)) << "others share it";
    EXPECT_TRUE(blocks(ends.output));
  }
  program->transport().loseConnection();
  until([&] { return program->lost(); });
}

TEST_F(Stdio, worksOnATerminalAndLeavesItAsItWas) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const FileDescriptor user(master);
  const FileDescriptor terminal(slave);
  termios settings{};
  ASSERT_EQ(::tcgetattr(slave, &settings), 0);
  settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ASSERT_EQ(::tcsetattr(slave, TCSANOW, &settings), 0);
  const StandardIO console(reactor, program, slave, slave);
  settle();
  EXPECT_TRUE(blocks(slave)) << "the shell would stumble over that";
  say(user, "a line\n");
  until([&] { return program->received == "a line\n"; });
  program->transport().write("answer");
  EXPECT_EQ(hearSoon(user), "answer");
  program->transport().loseConnection();
  until([&] { return program->lost(); });
  EXPECT_TRUE(isOpen(slave));
  EXPECT_TRUE(blocks(slave));
  settle();
  say(user, "for the next program\n");
  EXPECT_EQ(hearSoon(terminal), "for the next program\n");
}

TEST_F(Stdio, endsWhenTheTerminalHangsUp) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  FileDescriptor user(master);
  const FileDescriptor terminal(slave);
  const StandardIO console(reactor, program, slave, slave);
  settle();
  user.reset();
  until([&] { return program->lost(); });
}

TEST_F(Stdio, readsAFileToItsEndAndWritesToAnother) {
  const Folder folder;
  const std::string content(300'000, 'x');
  std::ofstream(folder / "in") << "skipped" << content;
  const FileDescriptor in(::open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const FileDescriptor out(::open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::lseek(in.get(), 7, SEEK_SET), 7);
  program->onData = [](Peer& self, std::string_view bytes) { self.transport().write(bytes); };
  const StandardIO console(reactor, program, in.get(), out.get());
  until([&] { return program->lost(); });
  EXPECT_EQ(program->lostWith(), "ConnectionDone");
  EXPECT_EQ(program->received, content);
  EXPECT_EQ(std::filesystem::file_size(folder / "out"), content.size());
  EXPECT_TRUE(isOpen(in.get()));
  EXPECT_TRUE(blocks(in.get()));
  EXPECT_TRUE(blocks(out.get()));
}

TEST_F(Stdio, worksOnASocketAndPutsItsFlagsBack) {
  for (const int flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, ends), 0);
    const FileDescriptor peer(ends[1]);
    const FileDescriptor kept(::dup(ends[0]));
    const int output = ::dup(ends[0]);
    program = std::make_shared<Peer>();
    const StandardIO console(reactor, program, ends[0], output);
    say(peer, "hello");
    until([&] { return program->received == "hello"; });
    program->transport().write("answer");
    EXPECT_EQ(hearSoon(peer), "answer");
    program->transport().loseWriteConnection();
    EXPECT_EQ(hearSoon(peer), "END");
    program->transport().loseConnection();
    until([&] { return program->lost(); });
    EXPECT_EQ(blocks(kept.get()), flags == 0);
  }
}

TEST_F(Stdio, mayHaveOneSocketForBothAndClosesItOnce) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor peer(ends[1]);
  const StandardIO console(reactor, program, ends[0], ends[0]);
  program->transport().write("answer");
  program->transport().loseWriteConnection();
  EXPECT_EQ(hearSoon(peer), "answer");
  EXPECT_EQ(hearSoon(peer), "END");
  EXPECT_TRUE(isOpen(ends[0])) << "somebody else could get its number, and lose it later";
  say(peer, "question");
  until([&] { return program->received == "question"; });
  program->transport().loseConnection();
  until([&] { return program->lost(); });
  EXPECT_FALSE(isOpen(ends[0]));
}

TEST_F(Stdio, refusesWhatIsNotOpen) {
  const Ends ends = pipes();
  const FileDescriptor input(ends.input);
  const FileDescriptor output(ends.output);
  EXPECT_THROW(StandardIO(reactor, program, -1, output.get()), std::system_error);
  EXPECT_THROW(StandardIO(reactor, program, input.get(), 100'000), std::system_error);
  EXPECT_TRUE(isOpen(input.get())) << "nothing was taken over";
  EXPECT_FALSE(program->made());
}

TEST_F(Stdio, isAnEndpointForServers) {
  // The test's own input and output step aside.
  const FileDescriptor input(::dup(0));
  const FileDescriptor output(::dup(1));
  Ends ends = pipes();
  ASSERT_EQ(::dup2(ends.input, 0), 0);
  ASSERT_EQ(::dup2(ends.output, 1), 1);
  ::close(ends.input);
  ::close(ends.output);
  const auto factory = std::make_shared<PeerFactory>();
  const ServerEndpoint endpoint = serverFromString(reactor, "stdio:");
  const auto port = valueOf(endpoint.listen(factory));
  const bool listens = port->listening();
  const auto protocol = factory->peers.at(0);
  say(ends.to, "hello");
  until([&] { return protocol->received == "hello"; });
  protocol->transport().write("answer");
  const std::string heard = hearSoon(ends.from);
  protocol->transport().loseConnection();
  until([&] { return protocol->lost(); });
  const std::string end = hearSoon(ends.from);
  const bool kept = isOpen(0) && isOpen(1);
  ASSERT_EQ(::dup2(input.get(), 0), 0);
  ASSERT_EQ(::dup2(output.get(), 1), 1);
  EXPECT_EQ(endpoint.toString(), "stdio:");
  EXPECT_FALSE(listens);
  EXPECT_EQ(heard, "answer");
  EXPECT_EQ(end, "END");
  EXPECT_TRUE(kept) << "the next file that is opened would become standard output";
  EXPECT_EQ(factory->stops, 1);
  EXPECT_THROW(serverFromString(reactor, "stdio:1"), BadEndpointError);
  EXPECT_THROW(clientFromString(reactor, "stdio:"), BadEndpointError);
}

}  // namespace
}  // namespace hawser::nettest
