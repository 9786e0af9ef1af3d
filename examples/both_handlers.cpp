// Handlers for both lanes: addBoth, addFinally, addCallbacks.
//
//   addBoth       the handler sees the result or the error, and what it returns goes on instead
//   addFinally    the handler does what must be done in any case, and the result stays as it is
//   addCallbacks  two handlers, of which one runs: the errback of a pair is not there for the
//                 errors of its own callback, while one that is added after it is

#include <hawser/defer/deferred.h>

#include <fmt/core.h>

#include <stdexcept>
#include <string>

using namespace hawser;

Deferred<std::string> poem() { return succeed(std::string("a poem")); }
Deferred<std::string> noPoem() { return fail<std::string>(std::runtime_error("no poem")); }

std::string describe(const Result<std::string>& result) {
  return result ? "'" + *result + "'" : "the error '" + result.failure().getErrorMessage() + "'";
}

// Says how a chain ended. It handles an error by that.
void printEnd(Deferred<std::string> chain) {
  auto done = std::move(chain).addBoth([](Result<std::string> result) {
    fmt::print("    the chain ended with {}\n", describe(result));
  });
}

void both(Deferred<std::string> start) {
  fmt::print("  addBoth\n");
  printEnd(std::move(start).addBoth([](Result<std::string> result) -> std::string {
    fmt::print("    handler: sees {}\n", describe(result));
    return "what the handler returned";
  }));
}

void finally(Deferred<std::string> start) {
  fmt::print("  addFinally\n");
  printEnd(std::move(start).addFinally([] { fmt::print("    handler: closes the connection\n"); }));
}

std::string careless(std::string) {
  fmt::print("    callback: throws\n");
  throw std::runtime_error("the callback failed");
}

std::string comforting(const Failure& why) {
  fmt::print("    errback: handles '{}'\n", why.getErrorMessage());
  return "some comfort";
}

void pair(Deferred<std::string> start) {
  fmt::print("  addCallbacks(callback, errback)\n");
  printEnd(std::move(start).addCallbacks(careless, comforting));
}

void oneAfterTheOther(Deferred<std::string> start) {
  fmt::print("  addCallback(callback), then addErrback(errback)\n");
  printEnd(std::move(start).addCallback(careless).addErrback(comforting));
}

int main() {
  for (auto start : {poem, noPoem}) {
    fmt::print("{}:\n", start == poem ? "With a result" : "With an error");
    both(start());
    finally(start());
    pair(start());
    oneAfterTheOther(start());
  }
}
