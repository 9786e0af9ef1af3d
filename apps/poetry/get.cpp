#include <poetry/fetch_poem.h>
#include <poetry/get.h>
#include <poetry/progress.h>

#include <hawser/defer/deferred_list.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace poetry {

using namespace hawser;

namespace {

/// What all the poems that are being fetched have in common.
struct Reading {
  Reactor& reactor;
  GetOptions options;
  std::unique_ptr<Progress> progress;
  std::string separator = {};  // between the poems printed so far and the next one
};

/// Poems are printed as they are. Only if another one follows, there is an empty line between them.
void print(Reading& reading, const std::string& poem) {
  reading.progress->show(reading.separator + poem);
  reading.separator = poem.ends_with('\n') ? "\n" : "\n\n";
}

/// Fetches one poem and prints it, or says why not. Fires with whether it is whole.
Deferred<bool> readOne(Reading& reading, std::size_t which) {
  const ServerName& server = reading.options.servers[which];
  PoemSource source{server, reading.options.transform, reading.options.timeout};
  OnPiece onPiece = [&reading, which](std::string_view piece) {
    reading.progress->received(which, piece.size());
  };
  reading.progress->began(which);
  const Result<std::string> poem =
      co_await fetchPoem(reading.reactor, std::move(source), std::move(onPiece)).asResult();
  reading.progress->ended(which, static_cast<bool>(poem));
  if (poem) {
    print(reading, *poem);
    co_return true;
  }
  if (poem.failure().check<CancelledError>()) poem.failure().raise();
  reading.progress->say(
      fmt::format("poetry get: {}: {}\n", server.toString(), poem.failure().getErrorMessage()));
  co_return false;
}

/// One after the other: each begins when the one before it has ended.
Deferred<bool> readInOrder(Reading& reading) {
  bool all = true;
  for (std::size_t which = 0; which < reading.options.servers.size(); ++which)
    all = co_await readOne(reading, which) && all;
  co_return all;
}

/// All at once: it takes as long as the slowest.
Deferred<bool> readAtOnce(Reading& reading) {
  std::vector<Deferred<bool>> poems;
  for (std::size_t which = 0; which < reading.options.servers.size(); ++which)
    poems.push_back(readOne(reading, which));
  const auto results = co_await deferredList(std::move(poems), consumeErrors);
  co_return std::all_of(results.begin(), results.end(),
                        [](const Result<bool>& whole) { return whole.value(); });
}

std::vector<std::string> namesOf(const std::vector<ServerName>& servers) {
  std::vector<std::string> names;
  for (const ServerName& server : servers) names.push_back(server.toString());
  return names;
}

}  // namespace

Deferred<int> get(Reactor& reactor, GetOptions options) {
  auto progress = Progress::make(reactor, namesOf(options.servers));
  Reading reading{reactor, std::move(options), std::move(progress)};
  const bool all =
      reading.options.inOrder ? co_await readInOrder(reading) : co_await readAtOnce(reading);
  co_return all ? 0 : 1;
}

}  // namespace poetry
