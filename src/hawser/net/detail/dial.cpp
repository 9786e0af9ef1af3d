#include <hawser/net/detail/dial.h>

#include <hawser/defer/timeout.h>
#include <hawser/net/detail/connect_attempt.h>
#include <hawser/net/errors.h>
#include <hawser/net/host_lookup.h>
#include <hawser/reactor/reactor.h>

#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

namespace hawser::detail {

namespace {

Deferred<Dialled> dialFirst(Reactor& reactor, std::vector<Address> addresses, Address local) {
  std::optional<Failure> reported;
  for (const Address& address : addresses) {
    Result<ChannelPtr> channel = co_await connectChannel(reactor, address, local).asResult();
    if (channel) co_return Dialled{std::move(*channel), address};
    const Failure& failure = channel.failure();
    if (failure.check<CancelledError, AbandonedError>()) co_return failure;
    // A refusal says most: the host is there. Addresses that this machine cannot reach say little.
    const bool refused = failure.check<ConnectionRefusedError>();
    if (!reported || (refused && !reported->check<ConnectionRefusedError>())) reported = failure;
  }
  co_return *reported;
}

Deferred<Dialled> dialUntimed(Reactor& reactor, std::string host, std::uint16_t port,
                              Address local) {
  std::vector<Address> addresses = co_await lookupHost(reactor, host, port);
  co_return co_await dialFirst(reactor, std::move(addresses), local);
}

}  // namespace

std::string destination(const std::string& host, std::uint16_t port) {
  if (host.find(':') != std::string::npos) return fmt::format("tcp:[{}]:{}", host, port);
  return fmt::format("tcp:{}:{}", host, port);
}

Deferred<Dialled> limitDialling(Reactor& reactor, Deferred<Dialled> dialled,
                                const std::string& where, std::chrono::nanoseconds allowed) {
  return std::move(dialled)
      .addTimeout(allowed, reactor,
                  [where, allowed](Result<Dialled> result) -> Result<Dialled> {
                    if (result || !result.failure().check<CancelledError>()) return result;
                    return Failure(ConnectTimeoutError(where, allowed));
                  })
      .addErrback(
          [where](const CancelledError&) -> Failure { return ConnectingCancelledError(where); });
}

Deferred<Dialled> dial(Reactor& reactor, std::string host, std::uint16_t port,
                       ConnectOptions options) {
  const std::string where = destination(host, port);
  return limitDialling(reactor, dialUntimed(reactor, std::move(host), port, options.bindAddress),
                       where, options.timeout);
}

Dialler tcpDialler(Reactor& reactor, std::string host, std::uint16_t port,
                   const ConnectOptions& options) {
  std::string where = destination(host, port);
  return {std::move(where), [&reactor, host = std::move(host), port, options] {
            return dial(reactor, host, port, options);
          }};
}

}  // namespace hawser::detail
