#pragma once

#include <hawser/base/durations.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/address.h>
#include <hawser/net/tcp.h>
#include <hawser/reactor/channel.h>

#include <cstdint>
#include <string>

namespace hawser::detail {

/// A connection just made: a connected channel on which nothing has been started, and its peer.
struct Dialled {
  ChannelPtr channel;
  Address peer;
};

/// `tcp:HOST:PORT`, with an IPv6 host in brackets.
std::string destination(const std::string& host, std::uint16_t port);

/// Looks up `host` and connects to its addresses, one after the other, until one answers.
///
/// Fails with DNSLookupError; with ConnectTimeoutError when all of it takes longer than
/// `options.timeout`; or, if no address answers, with the first refusal, or else with the first
/// failure. Cancelling ends it with ConnectingCancelledError. May have fired when it returns.
[[nodiscard]] Deferred<Dialled> dial(Reactor& reactor, std::string host, std::uint16_t port,
                                     ConnectOptions options);

/// Gives a dialling that much time: ConnectTimeoutError after it, ConnectingCancelledError if it is
/// cancelled before. `where` is for messages.
[[nodiscard]] Deferred<Dialled> limitDialling(Reactor& reactor, Deferred<Dialled> dialled,
                                              const std::string& where,
                                              std::chrono::nanoseconds allowed);

/// How a client reaches its server, whatever kind of socket that takes.
struct Dialler {
  std::string destination;                    ///< for messages: `tcp:HOST:PORT`, `unix:PATH`
  unique_function<Deferred<Dialled>()> dial;  ///< as `dial` above says
};
Dialler tcpDialler(Reactor& reactor, std::string host, std::uint16_t port,
                   const ConnectOptions& options);

}  // namespace hawser::detail
