#include <poetry/act_many_servers.h>
#include <poetry/demo_text.h>

#include <hawser/defer/deferred_list.h>

#include <fmt/format.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace poetry {

using namespace hawser;

namespace {

void introduce(const std::vector<DemoServer>& servers) {
  tell(
      "1. Many servers at once\n\n"
      "   Here are {} servers, each of them difficult in its own way:\n\n",
      servers.size());
  for (const DemoServer& server : servers)
    tell("   {:<14.14} {:<22} {}\n", server.poem.name, server.name.toString(), server.prospect());
  tell(
      "\n   One client asks all of them at the same time and waits for none of them:\n"
      "   each answer is a Deferred, a value that does not exist yet. This is what it\n"
      "   hears, as it hears it, with the last words so far:\n\n");
}

/// Asks one server, telling each piece as it comes.
Deferred<Outcome> watch(Stage& stage, const DemoServer& server) {
  std::string soFar;
  OnPiece onPiece = [&stage, &server, &soFar](std::string_view piece) {
    soFar += piece;
    tell("{}  {:<14.14} {} {:>5} B  {}\n", stage.time(), server.poem.name,
         bar(soFar.size(), server.poem.text.size()), soFar.size(), lastWords(soFar));
  };
  PoemSource source{server.name, {}};
  Outcome outcome = co_await ask(stage, std::move(source), std::move(onPiece));
  const std::string how = outcome.poem
                              ? "is whole:\n" + excerpt(*outcome.poem)
                              : "failed: " + outcome.poem.failure().getErrorMessage() + "\n";
  tell("{}  {:<14.14} {}", stage.time(), server.poem.name, how);
  co_return outcome;
}

bool asItShould(const DemoServer& server, const Outcome& outcome) {
  if (server.fate == DemoServer::Fate::slow)
    return outcome.poem && *outcome.poem == server.poem.text;
  return !outcome.poem;
}

std::string resultText(const DemoServer& server, const Outcome& outcome) {
  if (!asItShould(server, outcome)) return "not as it should be";
  if (!outcome.poem) return "failed, as it had to";
  return fmt::format("whole, {} bytes", outcome.poem->size());
}

}  // namespace

Deferred<bool> actManyServers(Stage& stage) {
  introduce(stage.servers);
  const Clock::TimePoint asked = stage.reactor.now();
  std::vector<Deferred<Outcome>> poems;
  for (const DemoServer& server : stage.servers) poems.push_back(watch(stage, server));
  const auto outcomes = co_await deferredList(std::move(poems), consumeErrors);
  const double allAtOnce = stage.secondsSince(asked);

  bool asExpected = true;
  double oneAfterTheOther = 0;
  tell("\n   server          result                  seconds\n");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const DemoServer& server = stage.servers[i];
    const Outcome& outcome = outcomes[i].value();
    tell("   {:<14.14}  {:<22}  {:7.2f}\n", server.poem.name, resultText(server, outcome),
         outcome.seconds);
    oneAfterTheOther += outcome.seconds;
    asExpected = asExpected && asItShould(server, outcome);
  }
  tell(
      "\n   One after the other that would be {:.2f} s. All at once it took {:.2f} s: as\n"
      "   long as the slowest. The two that failed did so on their own, and cost\n"
      "   the others nothing. What came from torn-page was half a poem; that its\n"
      "   connection was reset kept it from being taken for a whole one.\n\n",
      oneAfterTheOther, allAtOnce);
  co_return asExpected;
}

}  // namespace poetry
