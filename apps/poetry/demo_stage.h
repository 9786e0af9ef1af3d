#pragma once

#include <poetry/demo_servers.h>
#include <poetry/fetch_poem.h>

#include <hawser/base/result.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/port.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace poetry {

/// What the acts of the demo have in common.
struct Stage {
  hawser::Reactor& reactor;
  hawser::Clock::TimePoint began;
  std::vector<DemoServer> servers;
  std::shared_ptr<hawser::Port> transformation;

  double secondsSince(hawser::Clock::TimePoint then) const;
  /// The beginning of a line about something that happens now.
  std::string time() const;
};

/// How asking a server for its poem went.
struct Outcome {
  hawser::Result<std::string> poem;
  double seconds;
};

/// Fetches a poem and measures how long that takes. Fails only if it is cancelled.
hawser::Deferred<Outcome> ask(Stage& stage, PoemSource source, OnPiece onPiece = {});

/// A part of the story, on standard output. Whether anybody hears it is no concern of the servers
/// and clients in it.
void tellText(std::string_view text) noexcept;

template <class... Args>
void tell(fmt::format_string<Args...> text, Args&&... args) {
  tellText(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace poetry
