#include <poetry/demo_stage.h>

#include <chrono>
#include <cstdio>
#include <utility>

namespace poetry {

using namespace hawser;

double Stage::secondsSince(Clock::TimePoint then) const {
  return std::chrono::duration<double>(reactor.now() - then).count();
}

std::string Stage::time() const { return fmt::format("  {:5.2f} s", secondsSince(began)); }

Deferred<Outcome> ask(Stage& stage, PoemSource source, OnPiece onPiece) {
  const Clock::TimePoint asked = stage.reactor.now();
  Result<std::string> poem =
      co_await fetchPoem(stage.reactor, std::move(source), std::move(onPiece)).asResult();
  if (!poem && poem.failure().check<CancelledError>()) poem.failure().raise();
  co_return Outcome{std::move(poem), stage.secondsSince(asked)};
}

void tellText(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace poetry
