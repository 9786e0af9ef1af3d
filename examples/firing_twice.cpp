// A Deferred fires once: what happens at the second time, in all four combinations.
//
// Code that waits for a result may rely on getting one result or one error, and never a second. So
// the second firing throws AlreadyCalledError at whoever fired. The chain never hears of it: its
// handlers have run, and what they made of the first result stays.

#include <hawser/defer/deferred.h>

#include <fmt/core.h>

#include <stdexcept>
#include <string>

using namespace hawser;

enum class Firing { callback, errback };

void fire(Resolver<std::string>& resolver, Firing how) {
  if (how == Firing::callback)
    resolver.callback("a poem");
  else
    resolver.errback(std::runtime_error("no poem"));
}

const char* nameOf(Firing how) { return how == Firing::callback ? "callback" : "errback"; }

void fireTwice(Firing first, Firing second) {
  fmt::print("{}, then {}:\n", nameOf(first), nameOf(second));
  auto [poem, resolver] = makeDeferred<std::string>();
  auto done = std::move(poem).addCallbacks(
      [](const std::string& text) { fmt::print("  the chain got {}\n", text); },
      [](const Failure& why) {
        fmt::print("  the chain got an error: {}\n", why.getErrorMessage());
      });

  fire(resolver, first);
  try {
    fire(resolver, second);
  } catch (const AlreadyCalledError& error) {
    fmt::print("  the second firing threw AlreadyCalledError: {}\n", error.what());
  }
}

int main() {
  fireTwice(Firing::callback, Firing::callback);
  fireTwice(Firing::callback, Firing::errback);
  fireTwice(Firing::errback, Firing::callback);
  fireTwice(Firing::errback, Firing::errback);

  // A Resolver tells whether it can still be fired.
  auto [poem, resolver] = makeDeferred<std::string>();
  fmt::print("before firing: {}\n", resolver ? "can fire" : "is used up");
  resolver.callback("a poem");
  fmt::print("after firing: {}\n", resolver ? "can fire" : "is used up");
}
