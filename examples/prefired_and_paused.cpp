// Deferreds that have their result from the start, and Deferreds that hold it back.
//
// Handlers do not care when the result comes. If it is there already, a handler runs at once,
// inside addCallback. A paused Deferred keeps its result to itself until it was unpaused as often
// as it was paused.

#include <hawser/defer/deferred.h>

#include <fmt/core.h>

#include <stdexcept>
#include <string>

using namespace hawser;

void prefired() {
  fmt::print("A Deferred with a result from the start:\n");
  auto poem = succeed(std::string("a poem")).addCallback([](std::string text) {
    fmt::print("  callback: got {}\n", text);
    return text + " and its end";
  });
  fmt::print("  after addCallback\n");
  auto done = std::move(poem).addCallback(
      [](const std::string& text) { fmt::print("  a later callback: got {}\n", text); });

  fmt::print("A Deferred with an error from the start:\n");
  auto noPoem =
      fail<std::string>(std::runtime_error("no poem"))
          .addCallback([](const std::string&) { fmt::print("  a callback that is not called\n"); })
          .addErrback(
              [](const Failure& why) { fmt::print("  errback: {}\n", why.getErrorMessage()); });
  fmt::print("  after addErrback\n");
}

void paused() {
  fmt::print("A Deferred that is paused before it is fired:\n");
  auto [poem, resolver] = makeDeferred<std::string>();
  auto chain = std::move(poem).addCallback(
      [](const std::string& text) { fmt::print("  callback: got {}\n", text); });
  chain.pause();
  resolver.callback("a poem");
  fmt::print("  fired, but paused\n");
  chain.unpause();
  fmt::print("  unpaused\n");

  fmt::print("A Deferred that is paused twice, after it was fired:\n");
  auto ready = succeed(std::string("another poem"));
  ready.pause();
  ready.pause();
  auto done = std::move(ready).addCallback(
      [](const std::string& text) { fmt::print("  callback: got {}\n", text); });
  fmt::print("  callback added\n");
  done.unpause();
  fmt::print("  unpaused once\n");
  done.unpause();
  fmt::print("  unpaused twice\n");
}

int main() {
  prefired();
  paused();
}
