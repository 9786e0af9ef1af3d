// One chain of handlers, fired with a result and with an error.
//
// A Deferred's handlers stand in two lanes. A result travels down the callbacks; an error travels
// down the errbacks. A callback that throws sends its error to the next errback; an errback that
// returns a value sends that value to the next callback. So one chain says what happens in every
// case, and it is written before anything has happened.

#include <hawser/defer/deferred.h>

#include <fmt/core.h>

#include <cctype>
#include <stdexcept>
#include <string>

using namespace hawser;

struct NoAnswerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct GibberishError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string lowercase(std::string poem) {
  fmt::print("  callback 1: make '{}' lower case\n", poem);
  if (poem.find("xyzzy") != poem.npos) throw GibberishError("that is no English");
  for (char& c : poem) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return poem;
}

// Only for this type of error: others pass, on to the next errback.
std::string excuse(const GibberishError& error) {
  fmt::print("  errback 2: gibberish ({}), go on with an excuse\n", error.what());
  return "no poem today";
}

void print(const std::string& poem) { fmt::print("  callback 3: the poem is '{}'\n", poem); }

// An errback on Failure gets whatever is left.
void complain(const Failure& why) {
  fmt::print("  errback 4: no poem, {}: {}\n", why.typeName(), why.getErrorMessage());
}

// What will be done with a poem that is not there yet.
Deferred<void> use(Deferred<std::string> poem) {
  return std::move(poem)
      .addCallback(lowercase)
      .addErrback(excuse)
      .addCallback(print)
      .addErrback(complain)
      .addCallback([] { fmt::print("  callback 5: done, either way\n"); });
}

int main() {
  // A Deferred has two ends. Who waits for the result has the Deferred; who produces it has the
  // Resolver, and fires it exactly once.
  {
    fmt::print("Fired with a result:\n");
    auto [poem, resolver] = makeDeferred<std::string>();
    auto done = use(std::move(poem));
    resolver.callback("Two Roads Diverged");
  }
  {
    fmt::print("Fired with a result that the first callback cannot use:\n");
    auto [poem, resolver] = makeDeferred<std::string>();
    auto done = use(std::move(poem));
    resolver.callback("xyzzy xyzzy");
  }
  {
    fmt::print("Fired with an error:\n");
    auto [poem, resolver] = makeDeferred<std::string>();
    auto done = use(std::move(poem));
    resolver.errback(NoAnswerError("the poet is asleep"));
  }
}
