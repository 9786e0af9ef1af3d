// Recovering from some errors, and not from others.
//
// An errback that takes a `const E&` is for failures of that type; others pass it. One that takes a
// Failure sees them all, and hands on what it does not want by `trap`, which throws that again.
// What an errback returns is the result from there on: a value, or a Deferred for another try.

#include <hawser/defer/deferred.h>

#include <fmt/core.h>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

using namespace hawser;

struct ServerDownError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct NoSuchPoemError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct CensoredError : NoSuchPoemError {
  using NoSuchPoemError::NoSuchPoemError;
};

Deferred<std::string> getFrom(const std::string& server, const std::string& title) {
  static const std::map<std::string, std::string> poems = {{"fog", "The fog comes"},
                                                           {"ozymandias", "I met a traveller"}};
  if (server == "main" && title == "ozymandias")
    return fail<std::string>(ServerDownError("the main server is down"));
  if (title == "sappho") return fail<std::string>(std::runtime_error("the library has burnt"));
  if (title == "howl") return fail<std::string>(CensoredError("howl was taken away"));
  const auto found = poems.find(title);
  if (found == poems.end()) return fail<std::string>(NoSuchPoemError("there is no poem " + title));
  return succeed(found->second);
}

// Knows what to do when a server is down, and nothing else.
Deferred<std::string> getPoem(const std::string& title) {
  return getFrom("main", title).addErrback([title](const ServerDownError& error) {
    fmt::print("  {}: asking the mirror\n", error.what());
    return getFrom("mirror", title);
  });
}

void show(const std::string& title) {
  fmt::print("{}:\n", title);
  getPoem(title)
      .addErrback([](const Failure& why) {
        if (why.check<CensoredError>()) fmt::print("  (a line in the log for the censor)\n");
        why.trap<NoSuchPoemError>();
        return std::string("an empty page");
      })
      .addCallback([](const std::string& poem) { fmt::print("  {}\n", poem); })
      .addErrback([](const Failure& why) {
        fmt::print("  nobody knew what to do about {}: {}\n", why.typeName(),
                   why.getErrorMessage());
      });
}

int main() {
  show("fog");
  show("ozymandias");
  show("xanadu");
  show("howl");
  show("sappho");
}
