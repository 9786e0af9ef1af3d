#include <poetry/command_line.h>
#include <poetry/demo.h>
#include <poetry/get.h>
#include <poetry/proxy.h>
#include <poetry/serve.h>
#include <poetry/transform.h>

#include <hawser/net/address.h>
#include <hawser/net/errors.h>

#include <CLI/CLI.hpp>

#include <charconv>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace poetry {

using namespace hawser;

namespace {

constexpr int wrongUsage = 2;

[[noreturn]] void reject(const std::string& option, const std::string& problem) {
  throw CLI::ValidationError(option, problem);
}

Clock::Duration parseSeconds(const std::string& option, const std::string& text) {
  constexpr double most = 1e9;  // thirty years, far below where nanoseconds overflow
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  // Written so that "nan" is refused, too.
  if (error != std::errc() || stop != end || !(seconds >= 0 && seconds <= most))
    reject(option, "\"" + text + "\" is no number of seconds");
  return std::chrono::duration_cast<Clock::Duration>(std::chrono::duration<double>(seconds));
}

Clock::Duration parseSomeSeconds(const std::string& option, const std::string& text) {
  const Clock::Duration duration = parseSeconds(option, text);
  if (duration <= Clock::Duration::zero()) reject(option, "must be more than 0 seconds");
  return duration;
}

ServerName parseServer(const std::string& option, const std::string& text) {
  try {
    return ServerName::parse(text);
  } catch (const BadEndpointError& error) {
    reject(option, std::string(error.what()) + "; expected HOST:PORT");
  }
}

std::size_t parseCount(const std::string& option, const std::string& text) {
  std::size_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end) reject(option, "\"" + text + "\" is no number");
  return count;
}

std::uint16_t parsePortOption(const std::string& option, const std::string& text) {
  const auto port = parsePort(text);
  if (!port) reject(option, "\"" + text + "\" is no port number, 0 to 65535");
  return *port;
}

/// An option whose text is read by `parse(option, text)`, which may reject it.
template <class T, class Parse>
CLI::Option* add(CLI::App& app, const std::string& option, T& target, Parse parse,
                 const std::string& kind, const std::string& description) {
  return app
      .add_option_function<std::string>(
          option,
          [&target, parse, option](const std::string& text) { target = parse(option, text); },
          description)
      ->type_name(kind);
}

void addWhere(CLI::App& app, ListenOptions& where) {
  add(app, "--port", where.port, parsePortOption, "N",
      "port to listen on; 0, the default: a free one");
  app.add_option("--iface", where.interface, "address to listen on")
      ->type_name("ADDR")
      ->default_str(where.interface);
}

void addTransformation(CLI::App& app, std::optional<ServerName>& service) {
  add(app, "--transform", service, parseServer, "HOST:PORT",
      "have the poems cummingsified by this transformation service");
}

/// Makes a subcommand: `describe(app, options)` says which options it has, `main(reactor, options)`
/// is what it does.
template <class Options, class Describe>
void addCommand(CLI::App& app, Command& chosen, const std::string& name,
                const std::string& description, Describe describe,
                Deferred<int> (*main)(Reactor&, Options)) {
  CLI::App* const command = app.add_subcommand(name, description);
  const auto options = std::make_shared<Options>();
  describe(*command, *options);
  command->callback([&chosen, name, options, main] {
    chosen.name = name;
    chosen.main = [options, main](Reactor& reactor) { return main(reactor, *options); };
  });
}

void describeServe(CLI::App& app, ServeOptions& options) {
  options.pace = {.bytes = 10, .delay = std::chrono::milliseconds(700)};
  app.add_option("FILE", options.file, "the poem")->required();
  addWhere(app, options.where);
  add(app, "--delay", options.pace.delay, parseSeconds, "S",
      "time between two pieces; 0: all of it at once")
      ->default_str("0.7");
  add(app, "--num-bytes", options.pace.bytes, parseCount, "N", "size of a piece; 0: all of it")
      ->default_str("10");
}

void describeGet(CLI::App& app, GetOptions& options) {
  app.add_option_function<std::vector<std::string>>(
         "HOST:PORT",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts)
             options.servers.push_back(parseServer("HOST:PORT", text));
         },
         "servers to ask")
      ->type_name("")
      ->required();
  addTransformation(app, options.transform);
  add(app, "--timeout", options.timeout, parseSomeSeconds, "S", "how long one poem may take")
      ->default_str("30");
  app.add_flag("--in-order", options.inOrder, "one after the other instead of all at once");
}

void describeTransform(CLI::App& app, TransformOptions& options) {
  addWhere(app, options.where);
  add(app, "--idle-timeout", options.idleTime, parseSomeSeconds, "S",
      "close the connection of a client that has sent no request for so long")
      ->default_str("60");
}

void describeProxy(CLI::App& app, ProxyOptions& options) {
  add(app, "HOST:PORT", options.upstream.server, parseServer, "", "the server to ask")->required();
  addWhere(app, options.where);
  add(app, "--ttl", options.timeToLive, parseSeconds, "S", "how long a poem is kept")
      ->default_str("7200");
  addTransformation(app, options.upstream.transform);
  add(app, "--timeout", options.upstream.timeout, parseSomeSeconds, "S",
      "how long fetching the poem may take")
      ->default_str("30");
}

void describeDemo(CLI::App& app, DemoOptions& options) {
  app.add_option("FILE", options.files, "poems to use instead of those that ship with the program");
}

}  // namespace

std::optional<int> parseCommandLine(int argc, char** argv, Command& command) {
  CLI::App app(
      "Poems over the network: slow servers, a patient client, a transformation service, "
      "a caching proxy.",
      "poetry");
  app.require_subcommand(1);
  addCommand(app, command, "serve", "send a poem to everybody who connects", describeServe, serve);
  addCommand(app, command, "get", "read poems from many servers at once", describeGet, get);
  addCommand(app, command, "transform", "transform poems for others", describeTransform, transform);
  addCommand(app, command, "proxy", "serve another server's poem from a cache", describeProxy,
             proxy);
  addCommand(app, command, "demo", "all of that on this machine, as a story", describeDemo, demo);
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : wrongUsage;
  }
}

}  // namespace poetry
