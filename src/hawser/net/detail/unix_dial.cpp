#include <hawser/net/detail/unix_dial.h>

#include <hawser/net/detail/connect_attempt.h>
#include <hawser/net/detail/filesystem_lock.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/task.h>

#include <cerrno>
#include <string>
#include <utility>

namespace hawser::detail {

namespace {

using namespace std::chrono_literals;

// The kernel does not let a client wait for a place in a listen queue, and does not tell when there
// is one.
constexpr auto dialAgainDelay = 10ms;

Deferred<Dialled> dialUntimed(Reactor& reactor, Address address, bool checkLock) {
  if (checkLock && !FilesystemLock::heldBySomebody(std::string(address.path()) + ".lock"))
    co_return Failure(BadFileError(address.toString()));
  for (;;) {
    Result<ChannelPtr> channel = co_await connectChannel(reactor, address).asResult();
    if (channel) co_return Dialled{std::move(*channel), address};
    const Failure failure = channel.failure();
    const auto* const error = failure.get<ConnectError>();
    if (!error || error->osError() != EAGAIN) co_return failure;
    co_await task::deferLater(reactor, dialAgainDelay);
  }
}

}  // namespace

Dialler unixDialler(Reactor& reactor, const Address& address, std::chrono::nanoseconds timeout,
                    bool checkLock) {
  return {address.toString(), [&reactor, address, timeout, checkLock] {
            return limitDialling(reactor, dialUntimed(reactor, address, checkLock),
                                 address.toString(), timeout);
          }};
}

}  // namespace hawser::detail
