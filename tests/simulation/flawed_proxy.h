#pragma once

#include <hawser/net/factory.h>
#include <hawser/reactor/reactor.h>
#include <poetry/fetch_poem.h>

#include <memory>
#include <optional>
#include <string_view>

namespace simulation {

/// Mistakes that the author of a proxy might make. A simulation that does not find them is worth
/// nothing, so the tests have it look for each.
enum class Flaw {
  everyoneFetches,  ///< no single flight: each client has a fetch of its own
  halfIsWhole,      ///< what came before an upstream broke off is served as the poem
  emptyIsPoem,      ///< an error is answered with an empty poem
  silentError,      ///< an error is answered with nothing at all
  keepsForever,     ///< a poem is served however old it is
};

/// The flaw that the command line calls so.
std::optional<Flaw> flawNamed(std::string_view name);

/// The proxy of the program `poetry` with that flaw in it.
std::shared_ptr<hawser::ServerFactory> flawedProxy(Flaw flaw, hawser::Reactor& reactor,
                                                   poetry::PoemSource upstream,
                                                   hawser::Clock::Duration timeToLive);

}  // namespace simulation
