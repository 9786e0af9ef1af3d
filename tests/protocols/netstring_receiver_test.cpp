#include <hawser/protocols/netstring_receiver.h>

#include <hawser/base/logging.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser {
namespace {

class Recorder final : public NetstringReceiver {
 public:
  using NetstringReceiver::NetstringReceiver;

  void stringReceived(std::string_view message) override {
    messages.emplace_back(message);
    if (onMessage) onMessage(message);
  }
  void parseFailed(const NetstringParseError& error) override {
    EXPECT_FALSE(failure) << "a second failure";
    failure = error;
    transport().loseConnection();
  }

  std::vector<std::string> messages;
  std::optional<NetstringParseError> failure;
  std::function<void(std::string_view)> onMessage;
};

struct Connected {
  explicit Connected(std::size_t maxLength = NetstringReceiver::defaultMaxLength)
      : protocol(std::make_shared<Recorder>(maxLength)) {
    protocol->makeConnection(transport);
  }
  testing::StringTransport transport;
  std::shared_ptr<Recorder> protocol;
};

const std::vector<std::string> messages = {
    "hello world!", "", ",", "12:", std::string(300, 'x'), std::string("\0\n\xff", 3)};

std::string encoded() {
  Connected sender;
  for (const std::string& message : messages) sender.protocol->sendString(message);
  return sender.transport.value();
}

TEST(NetstringReceiver, sendsTheLengthTheMessageAndAComma) {
  Connected sender;
  sender.protocol->sendString("hello world!");
  sender.protocol->sendString("");
  EXPECT_EQ(sender.transport.value(), "12:hello world!,0:,");
}

TEST(NetstringReceiver, deliversEachMessageOnceHoweverTheStreamIsCutInTwo) {
  const std::string stream = encoded();
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Connected receiver;
    receiver.protocol->dataReceived(stream.substr(0, cut));
    receiver.protocol->dataReceived(stream.substr(cut));
    ASSERT_EQ(receiver.protocol->messages, messages) << "cut at " << cut;
  }
}

TEST(NetstringReceiver, deliversEachMessageOnceFromPiecesOfAnySize) {
  const std::string stream = encoded();
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    Connected receiver;
    for (std::size_t at = 0; at < stream.size(); at += size)
      receiver.protocol->dataReceived(std::string_view(stream).substr(at, size));
    ASSERT_EQ(receiver.protocol->messages, messages) << "pieces of " << size;
  }
}

TEST(NetstringReceiver, takesTheLongestMessageAllowed) {
  Connected receiver;
  const std::string longest(NetstringReceiver::defaultMaxLength, 'x');
  receiver.protocol->dataReceived("99999:" + longest + ",");
  EXPECT_EQ(receiver.protocol->messages, std::vector{longest});
  EXPECT_FALSE(receiver.protocol->failure);
}

TEST(NetstringReceiver, saysWhatIsWrongAndAtWhichByte) {
  const struct {
    std::string bytes;
    std::size_t maxLength;
    std::uint64_t offset;
    const char* problem;
  } cases[] = {
      {"x", 9, 0, "expected a digit, got 'x'"},
      {":", 9, 0, "expected a digit, got ':'"},
      {" 1:a,", 9, 0, "expected a digit, got ' '"},
      {"-1:a,", 9, 0, "expected a digit, got '-'"},
      {"+1:a,", 9, 0, "expected a digit, got '+'"},
      {"1x", 9, 1, "expected a digit or ':', got 'x'"},
      {"1,a,", 9, 1, "expected a digit or ':', got ','"},
      {std::string("1\0", 2), 9, 1, "got byte 0x00"},
      {"00:,", 9, 1, "must not begin with 0"},
      {"01:a,", 9, 1, "must not begin with 0"},
      {"10:", 9, 1, "exceeds the limit of 9 bytes"},
      {"5:abcde,", 3, 0, "exceeds the limit of 3 bytes"},
      {"100000", 99999, 5, "exceeds the limit of 99999 bytes"},
      {"99999999999999999999999999", 99999, 5, "exceeds the limit"},
      {"99999999999999999999999999", std::size_t(-1), 19, "exceeds the limit"},
      {"1:", 0, 0, "exceeds the limit of 0 bytes"},
      {"3:abcd", 9, 5, "expected ',' after 3 bytes of message, got 'd'"},
      {"3:abc\n", 9, 5, "got byte 0x0a"},
      {"0:x", 9, 2, "expected ',' after 0 bytes"},
      {"1:a,1:b,?", 9, 8, "expected a digit, got '?'"},
  };
  for (const auto& each : cases) {
    for (const bool bytewise : {false, true}) {
      SCOPED_TRACE(each.bytes + (bytewise ? " byte by byte" : ""));
      Connected receiver(each.maxLength);
      if (bytewise)
        for (char byte : each.bytes) receiver.protocol->dataReceived(std::string_view(&byte, 1));
      else
        receiver.protocol->dataReceived(each.bytes);
      ASSERT_TRUE(receiver.protocol->failure);
      EXPECT_EQ(receiver.protocol->failure->offset(), each.offset);
      const std::string text = receiver.protocol->failure->what();
      EXPECT_NE(text.find(each.problem), std::string::npos) << text;
      EXPECT_NE(text.find("byte " + std::to_string(each.offset)), std::string::npos) << text;
    }
  }
}

TEST(NetstringReceiver, deliversWhatWasRightBeforeTheMistakeAndNothingAfterIt) {
  Connected receiver;
  receiver.protocol->dataReceived("1:a,1:b;1:c,");
  receiver.protocol->dataReceived("1:d,");
  EXPECT_EQ(receiver.protocol->messages, std::vector<std::string>{"a"});
  EXPECT_TRUE(receiver.transport.disconnecting());
}

TEST(NetstringReceiver, losesTheConnectionOfAPeerThatBreaksTheRules) {
  class Plain final : public NetstringReceiver {
    void stringReceived(std::string_view) override {}
  };
  const auto quiet = logging::silenceStderr();
  std::string logged;
  const auto observation =
      logging::addObserver([&](const logging::Event& event) { logged += event.message; });
  testing::StringTransport transport;
  const auto protocol = std::make_shared<Plain>();
  protocol->makeConnection(transport);
  protocol->dataReceived("nonsense");
  EXPECT_TRUE(transport.disconnecting());
  EXPECT_NE(logged.find("tcp:192.168.1.1:54321: bad netstring at byte 0"), std::string::npos)
      << logged;
}

TEST(NetstringReceiver, deliversNothingMoreOnceItsHandlerLosesTheConnection) {
  for (const char* rest : {"1:b,", "?", "1:"}) {
    Connected receiver;
    receiver.protocol->onMessage = [&](std::string_view) { receiver.transport.loseConnection(); };
    receiver.protocol->dataReceived(std::string("1:a,") + rest);
    EXPECT_EQ(receiver.protocol->messages, std::vector<std::string>{"a"});
    EXPECT_FALSE(receiver.protocol->failure);
  }
}

TEST(NetstringReceiver, letsItsHandlerAnswer) {
  Connected receiver;
  receiver.protocol->onMessage = [&](std::string_view message) {
    receiver.protocol->sendString(std::string(message) + "!");
  };
  receiver.protocol->dataReceived("1:a,1:");
  receiver.protocol->dataReceived("b,");
  EXPECT_EQ(receiver.transport.value(), "2:a!,2:b!,");
}

TEST(NetstringReceiver, letsAnExceptionOfItsHandlerOut) {
  Connected receiver;
  receiver.protocol->onMessage = [&](std::string_view) {
    throw NetstringParseError(7, "somebody else's");
  };
  EXPECT_THROW(receiver.protocol->dataReceived("1:a,"), NetstringParseError);
  EXPECT_FALSE(receiver.protocol->failure);
}

TEST(NetstringReceiver, storesNothingForALengthThatIsTooGreat) {
  Connected receiver(9);
  receiver.protocol->dataReceived("999999999:");
  ASSERT_TRUE(receiver.protocol->failure);
  EXPECT_EQ(receiver.protocol->failure->offset(), 1u);
}

}  // namespace
}  // namespace hawser
