#pragma once

#include <hawser/reactor/backend.h>
#include <hawser/reactor/errors.h>
#include <hawser/reactor/uring_backend.h>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hawser::tests {

struct BackendMaker {
  const char* name;
  std::unique_ptr<Backend> (*make)();
};
inline void PrintTo(const BackendMaker& maker, std::ostream* stream) { *stream << maker.name; }

/// Every backend, and what is most likely to go wrong: an io_uring where hardly anything fits.
inline const BackendMaker backendMakers[] = {
    {"epoll", [] { return makeBackend("epoll"); }},
    {"poll", [] { return makeBackend("poll"); }},
    {"io_uring", [] { return makeBackend("io_uring"); }},
    {"tiny_io_uring",
     []() -> std::unique_ptr<Backend> {
       return std::make_unique<UringBackend>(UringBackend::Sizes{
           .requests = 1, .completions = 2, .smallBuffers = 2, .largeBuffers = 1});
     }},
};

#define HAWSER_ON_EVERY_BACKEND(Suite)                                  \
  INSTANTIATE_TEST_SUITE_P(, Suite, ::testing::ValuesIn(backendMakers), \
                           [](const auto& maker) { return maker.param.name; })

/// Tests of operations, to be run on every backend that this machine permits.
class BackendTest : public ::testing::TestWithParam<BackendMaker> {
 protected:
  std::unique_ptr<Backend> backend;

  void SetUp() override {
    try {
      backend = GetParam().make();
    } catch (const ReactorNotAvailable& refused) {
      GTEST_SKIP() << refused.what();
    }
  }

  /// One turn that waits for nothing.
  void turn() {
    backend->wait(Backend::TimePoint::min());
    backend->deliver();
  }
  /// Turns until `done`, or, since something is broken, for 20 s.
  void turnUntil(const std::function<bool()>& done) {
    const Backend::TimePoint end = backend->now() + std::chrono::seconds(20);
    while (!done()) {
      ASSERT_LT(backend->now(), end) << "what was waited for did not happen";
      backend->wait(end);
      backend->deliver();
    }
  }

  /// Sends all of it, in as many turns as it takes.
  void sendAll(Channel& channel, std::string_view text);

  /// A channel, and the other end of its connection.
  std::pair<ChannelPtr, FileDescriptor> connected() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {backend->adopt(FileDescriptor(ends[0])), FileDescriptor(ends[1])};
  }

  /// A channel that listens on a free port of 127.0.0.1.
  ChannelPtr listening() {
    ChannelPtr channel = backend->open(AF_INET, SOCK_STREAM);
    EXPECT_FALSE(channel->bind(loopback(0)));
    EXPECT_FALSE(channel->listen(64));
    return channel;
  }
  /// A blocking client of such a channel.
  static FileDescriptor client(const NativeAddress& server) {
    FileDescriptor descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(descriptor.get(), server.get(), server.size), 0);
    return descriptor;
  }

  static NativeAddress loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
  }
};

/// Keeps what it receives.
class Received final : public ReceiveHandler {
 public:
  std::string text;
  std::vector<std::size_t> sizes;
  std::optional<std::error_code> ended;
  std::function<void()> onData = [] {};
  std::function<void()> onEnd = [] {};

  void received(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    sizes.push_back(bytes.size());
    onData();
  }
  void receiveEnded(std::error_code error) override {
    ended = error;
    onEnd();
  }
};

/// Keeps what it accepts.
class Accepted final : public AcceptHandler {
 public:
  std::vector<ChannelPtr> channels;
  std::vector<NativeAddress> peers;
  std::vector<std::error_code> errors;
  std::function<void()> onAccept = [] {};

  void accepted(ChannelPtr channel, const NativeAddress& peer) override {
    channels.push_back(std::move(channel));
    peers.push_back(peer);
    onAccept();
  }
  void acceptFailed(std::error_code error) override { errors.push_back(error); }
};

class ConnectOutcome final : public ConnectHandler {
 public:
  bool succeeded = false;
  std::optional<std::error_code> error;
  std::function<void()> onEnd = [] {};

  bool known() const { return succeeded || error; }
  void connected() override {
    succeeded = true;
    onEnd();
  }
  void connectFailed(std::error_code code) override {
    error = code;
    onEnd();
  }
};

class SendOutcome final : public SendHandler {
 public:
  std::vector<std::pair<std::size_t, std::size_t>> reports;
  std::optional<std::error_code> error;

  bool complete() const { return !reports.empty() && reports.back().second == 0; }
  void sent(std::size_t bytes, std::size_t left) override { reports.emplace_back(bytes, left); }
  void sendFailed(std::error_code code) override { error = code; }
};

inline void BackendTest::sendAll(Channel& channel, std::string_view text) {
  SendQueue data;
  data.append(text);
  SendOutcome outcome;
  const bool atOnce = channel.send(data, outcome);
  turnUntil([&] { return atOnce || outcome.complete(); });
}

inline void writeTo(const FileDescriptor& descriptor, std::string_view text) {
  ASSERT_EQ(::write(descriptor.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}
inline std::string readFrom(const FileDescriptor& descriptor, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t filled = 0;
  while (filled < bytes) {
    const ssize_t count = ::read(descriptor.get(), text.data() + filled, bytes - filled);
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

}  // namespace hawser::tests
