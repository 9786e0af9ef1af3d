#include "torture/torture.h"

#include <hawser/reactor/backend.h>
#include <hawser/reactor/errors.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <system_error>

namespace hawser::torture {
namespace {

/// A backend by itself, with what is opened elsewhere and given to it.
class Adopted : public ::testing::TestWithParam<Case> {};

struct Receiver final : ReceiveHandler {
  void received(std::span<const std::byte> bytes) override { count += bytes.size(); }
  void receiveEnded(std::error_code code) override { ended = code; }
  std::size_t count = 0;
  std::optional<std::error_code> ended;
};
struct Sender final : SendHandler {
  void sent(std::size_t, std::size_t left) override { done = left == 0; }
  void sendFailed(std::error_code code) override { failed = code; }
  bool done = false;
  std::optional<std::error_code> failed;
};

constexpr std::size_t size = 200'000;

/// What is written to one end comes out of the other, or one of the two has an error.
void pass(Backend& backend, ChannelPtr in, ChannelPtr out) {
  Receiver receiver;
  Sender sender;
  in->receive(receiver);
  SendQueue data;
  for (std::size_t piece = 0; piece < 4; ++piece) data.append(std::string(size / 4, 'x'));
  sender.done = out->send(data, sender);
  const Backend::TimePoint end = backend.now() + 10s;
  while (!receiver.ended && !sender.failed) {
    if (sender.done) out = nullptr;
    ASSERT_LT(backend.now(), end) << "it hangs";
    backend.wait(end);
    backend.deliver();
  }
  const bool failed = sender.failed || (receiver.ended && *receiver.ended);
  EXPECT_EQ(receiver.count == size && receiver.ended && !*receiver.ended, !failed);
}

TEST_P(Adopted, descriptorsWorkOrSayWhyNot) {
  for (const bool pipes : {true, false}) {
    SCOPED_TRACE(pipes ? "pipes" : "sockets");
    walk(GetParam().failing, [&] {
      std::array<int, 2> ends{};
      const int made =
          pipes ? ::pipe(ends.data()) : ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
      if (made != 0) return;  // tortured itself
      FileDescriptor first(ends[0]);
      FileDescriptor second(ends[1]);
      try {
        const auto backend = makeBackend(GetParam().backend);
        ChannelPtr in = backend->adopt(std::move(first));
        ChannelPtr out = backend->adopt(std::move(second));
        pass(*backend, std::move(in), std::move(out));
      } catch (const ReactorNotAvailable& refused) {
        EXPECT_STRNE(refused.what(), "");
      } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), GetParam().failing.error) << error.what();
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, Adopted, ::testing::ValuesIn(allCases()), nameOf);

}  // namespace
}  // namespace hawser::torture
