#include <hawser/net/endpoint_parser.h>

#include <hawser/net/errors.h>

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace hawser {
namespace {

// One line for each description: type(name=value,value,...).
std::string shown(const EndpointDescription& description) {
  std::string text = description.type + "(";
  for (const auto& argument : description.arguments) {
    if (text.back() != '(') text += ',';
    if (!argument.name.empty()) text += argument.name + "=";
    text += "<" + argument.value + ">";
  }
  return text + ")";
}

TEST(EndpointParser, takesADescriptionApart) {
  const struct {
    const char* text;
    const char* parts;
  } cases[] = {
      {"tcp", "tcp()"},
      {"TCP:80", "tcp(<80>)"},
      {"tcp:", "tcp(<>)"},
      {"tcp:example.org:80", "tcp(<example.org>,<80>)"},
      {"tcp:host=127.0.0.1:port=80:timeout=5", "tcp(host=<127.0.0.1>,port=<80>,timeout=<5>)"},
      {"tcp:80:interface=127.0.0.1", "tcp(<80>,interface=<127.0.0.1>)"},
      {"tcp:host=\\:\\:1:port=80", "tcp(host=<::1>,port=<80>)"},
      {"tcp:\\:\\:1:80", "tcp(<::1>,<80>)"},
      {"tcp:a\\\\b", "tcp(<a\\b>)"},
      {"tcp:a\\=b", "tcp(<a=b>)"},
      {"tcp:key=a=b", "tcp(key=<a=b>)"},
      {"tcp:key=", "tcp(key=<>)"},
      {"tcp:[::1]:80", "tcp(<::1>,<80>)"},
      {"tcp:host=[::1]:port=80", "tcp(host=<::1>,port=<80>)"},
      {"tcp:port=80:host=[::1]", "tcp(port=<80>,host=<::1>)"},
      {"tcp:\\[a]", "tcp(<[a]>)"},
  };
  for (const auto& each : cases)
    EXPECT_EQ(shown(parseEndpointDescription(each.text)), each.parts) << each.text;
}

TEST(EndpointParser, remembersWhereEachValueStood) {
  const auto description = parseEndpointDescription("tcp:host=a:\\:b:c");
  EXPECT_EQ(description.arguments.at(0).position, 9u);
  EXPECT_EQ(description.arguments.at(1).position, 11u);
  EXPECT_EQ(description.arguments.at(2).position, 15u);
}

TEST(EndpointParser, readsBackWhatWasQuoted) {
  for (const char* value : {"plain", "::1", "a\\b", "a=b", "[x]", "", "\\:=["}) {
    const auto description =
        parseEndpointDescription("tcp:" + quoteEndpointArgument(value) + ":last");
    ASSERT_EQ(description.arguments.size(), 2u) << value;
    EXPECT_EQ(description.arguments[0].value, value);
    EXPECT_EQ(description.arguments[0].name, "");
  }
}

struct Problem {
  const char* text;
  std::size_t position;
  const char* words;
};

void expectProblem(const Problem& expected, const std::function<void()>& parse) {
  SCOPED_TRACE(expected.text);
  try {
    parse();
    ADD_FAILURE() << "was accepted";
  } catch (const BadEndpointError& error) {
    EXPECT_EQ(error.position(), expected.position) << error.what();
    EXPECT_NE(std::string(error.what()).find(expected.words), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("\"" + std::string(expected.text) + "\""),
              std::string::npos)
        << error.what();
  }
}

TEST(EndpointParser, saysWhatIsWrongWithATextAndWhere) {
  for (const Problem& each : {
           Problem{"", 0, "expected the endpoint's type"},
           Problem{":80", 0, "expected the endpoint's type"},
           Problem{"tcp=80", 0, "expected the endpoint's type"},
           Problem{"tcp:=80", 4, "expected an argument's name"},
           Problem{"tcp:80\\", 6, "backslash with nothing after it"},
           Problem{"tcp:[::1", 4, "bracket is not closed"},
           Problem{"tcp:[::1]80", 9, "expected a colon after the bracket"},
       })
    expectProblem(each, [&] { parseEndpointDescription(each.text); });
}

EndpointArguments tcpArguments(const char* text) {
  return EndpointArguments(parseEndpointDescription(text), {"host", "port"}, {"timeout"});
}

TEST(EndpointArguments, areFoundByNameHoweverTheyWereGiven) {
  for (const char* text : {"tcp:h:80:timeout=2.5", "tcp:host=h:port=80:timeout=2.5",
                           "tcp:timeout=2.5:port=80:host=h", "tcp:h:timeout=2.5:80"}) {
    SCOPED_TRACE(text);
    const auto arguments = tcpArguments(text);
    EXPECT_EQ(arguments.required("host"), "h");
    EXPECT_EQ(arguments.number("port", 1, 65535), 80);
    EXPECT_EQ(arguments.seconds("timeout"), 2.5);
  }
  EXPECT_EQ(tcpArguments("tcp:h:80").seconds("timeout"), std::nullopt);
  EXPECT_EQ(tcpArguments("tcp:h").text("port"), std::nullopt);
}

TEST(EndpointArguments, areRefusedIfUnknownTooManyOrGivenTwice) {
  for (const Problem& each : {
           Problem{"tcp:h:80:5", 9, "an argument too many; tcp:host:port"},
           Problem{"tcp:h:80:colour=red", 16, "no argument \"colour\"; it has host, port, timeout"},
           Problem{"tcp:h:80:port=81", 14, "\"port\" is given twice"},
           Problem{"tcp:host=h:i:80", 11, "\"host\" is given twice"},
       })
    expectProblem(each, [&] { tcpArguments(each.text); });
}

TEST(EndpointArguments, areRefusedIfTheyAreNotWhatTheyShouldBe) {
  for (const Problem& each : {
           Problem{"tcp:port=80", 11, "\"host\" is missing"},
           Problem{"tcp::80", 4, "\"host\" is empty"},
           Problem{"tcp:h:0", 6, "\"port\" must be a number from 1 to 65535"},
           Problem{"tcp:h:65536", 6, "\"port\" must be"},
           Problem{"tcp:h:99999999999999999999", 6, "\"port\" must be"},
           Problem{"tcp:h:http", 6, "\"port\" must be"},
           Problem{"tcp:h:", 6, "\"port\" must be"},
           Problem{"tcp:h:1:timeout=0", 16, "\"timeout\" must be a number of seconds above 0"},
           Problem{"tcp:h:1:timeout=-1", 16, "\"timeout\" must be"},
           Problem{"tcp:h:1:timeout=nan", 16, "\"timeout\" must be"},
           Problem{"tcp:h:1:timeout=inf", 16, "\"timeout\" must be"},
           Problem{"tcp:h:1:timeout=1e99", 16, "\"timeout\" must be"},
           Problem{"tcp:h:1:timeout=soon", 16, "\"timeout\" must be"},
       })
    expectProblem(each, [&] {
      const auto arguments = tcpArguments(each.text);
      arguments.required("host");
      arguments.number("port", 1, 65535);
      arguments.seconds("timeout");
    });
}

}  // namespace
}  // namespace hawser
