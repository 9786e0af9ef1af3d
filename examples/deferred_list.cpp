// Waiting for several Deferreds at once with deferredList, seven ways.
//
// The list is itself a Deferred. It fires when the last of its members has, and gives their results
// in the order of the members, whichever came first. Members that fail do not make the list fail:
// their errors are among the results.

#include <hawser/base/logging.h>
#include <hawser/defer/deferred_list.h>

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace hawser;

using Poems = std::vector<Result<std::string>>;

void printPoems(const Poems& poems) {
  fmt::print("  the list fired with {} result(s)\n", poems.size());
  for (const Result<std::string>& poem : poems) {
    if (poem)
      fmt::print("    success: {}\n", *poem);
    else
      fmt::print("    failure: {}\n", poem.failure().getErrorMessage());
  }
}

// Two poems that somebody has promised, and how to deliver them.
struct TwoPoems {
  std::vector<Deferred<std::string>> promised;
  Resolver<std::string> first, second;

  TwoPoems() {
    auto [one, oneResolver] = makeDeferred<std::string>();
    auto [two, twoResolver] = makeDeferred<std::string>();
    promised.push_back(std::move(one));
    promised.push_back(std::move(two));
    first = std::move(oneResolver);
    second = std::move(twoResolver);
  }
};

void failTheFirst(TwoPoems& poems) {
  fmt::print("  the first one fails\n");
  poems.first.errback(std::runtime_error("the first poet is on strike"));
  fmt::print("  the second one arrives\n");
  poems.second.callback("the second poem");
}

int main() {
  // An error that nobody handles is logged. This program wants to see it in its output.
  auto quiet = logging::silenceStderr();
  auto observation = logging::addObserver([](const logging::Event& event) {
    if (event.kind == logging::EventKind::unhandled)
      fmt::print("  logged: nobody handled '{}'\n", event.failure->getErrorMessage());
  });

  fmt::print("1. An empty list fires at once:\n");
  auto empty = deferredList(std::vector<Deferred<std::string>>()).addCallback(printPoems);

  fmt::print("2. A list of one:\n");
  auto [only, onlyResolver] = makeDeferred<std::string>();
  std::vector<Deferred<std::string>> one;
  one.push_back(std::move(only));
  auto listOfOne = deferredList(std::move(one)).addCallback(printPoems);
  fmt::print("  the poem arrives\n");
  onlyResolver.callback("the only poem");

  fmt::print("3. A list of two:\n");
  TwoPoems inOrder;
  auto listOfTwo = deferredList(std::move(inOrder.promised)).addCallback(printPoems);
  fmt::print("  the first one arrives\n");
  inOrder.first.callback("the first poem");
  fmt::print("  the second one arrives\n");
  inOrder.second.callback("the second poem");

  fmt::print("4. Fired in reverse, the results keep the order of the list:\n");
  TwoPoems reversed;
  auto reversedList = deferredList(std::move(reversed.promised)).addCallback(printPoems);
  fmt::print("  the second one arrives\n");
  reversed.second.callback("the second poem");
  fmt::print("  the first one arrives\n");
  reversed.first.callback("the first poem");

  fmt::print("5. One fails; the list tells, and the error is logged as well:\n");
  TwoPoems failing;
  auto failingList = deferredList(std::move(failing.promised)).addCallback(printPoems);
  failTheFirst(failing);

  fmt::print("6. One fails, with consumeErrors; the list is the one who knows:\n");
  TwoPoems consumed;
  auto consumedList =
      deferredList(std::move(consumed.promised), consumeErrors).addCallback(printPoems);
  failTheFirst(consumed);

  fmt::print("7. One fails, and has an errback of its own that handles it before the list:\n");
  TwoPoems excused;
  excused.promised[0].addErrback([](const Failure& why) {
    fmt::print("  errback: {}\n", why.getErrorMessage());
    return std::string("an excuse instead of a poem");
  });
  auto excusedList = deferredList(std::move(excused.promised)).addCallback(printPoems);
  failTheFirst(excused);
}
