#pragma once

#include <hawser/net/endpoint.h>
#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>

#include <memory>

namespace hawser {

class Reactor;

/// Connects a protocol with this program's standard input and output, or with any pair of
/// descriptors: pipes, a terminal, files, a socket. (Twisted's `stdio.StandardIO`.)
///
///     StandardIO console(reactor, std::make_shared<LineEcho>());
///
/// To the protocol it is a connection like any other: what comes in is `dataReceived`, its end
/// `readConnectionLost`, what is written goes out, `loseWriteConnection` ends the output,
/// `connectionLost` is the end. Its addresses are none. The connection lives until it ends, whether
/// or not this object does.
///
/// **What others see of it.** A terminal or a pipe is shared with other programs, and so is the
/// flag O_NONBLOCK: a program that sets it on its standard input makes the shell's reads, and the
/// next program's writes to the same terminal, fail. So a terminal or a pipe is opened a second
/// time, and that second opening, which nobody shares, is what the reactor works on. Where that is
/// not possible (a socket; a terminal of another user) the flag is put back when the connection
/// ends. Only a program that is killed leaves it set then.
///
/// **How it ends.** The other side of a pipe or a socket sees the end only when nobody holds it
/// open any more. So when a direction has ended its descriptor is closed; of the numbers 0 to 2 a
/// /dev/null is put in its place, if it can be opened, lest the next file gets that number. A
/// terminal or a file stays as it is. What has not been read of a terminal is left for the next
/// program.
///
/// This object keeps the protocol, also when the connection is over: a protocol that has it as a
/// member keeps itself for ever.
///
/// A file as input is read in order from where it stands; disks count as always ready, so a slow
/// one stops the reactor for as long.
class StandardIO {
 public:
  /// Calls the protocol's `connectionMade` before it returns, and reads from then on.
  /// @throws std::system_error if one of the two is not open, or descriptors are short: then both
  /// are as they were
  StandardIO(Reactor& reactor, std::shared_ptr<Protocol> protocol, int input = 0, int output = 1);

  /// The same that the protocol has.
  Transport& transport() const noexcept;

 private:
  std::shared_ptr<Protocol> protocol_;
};

/// Standard input and output as something to "listen" on: `listen(factory)` builds one protocol, at
/// once, and connects it. (Twisted's `StandardIOEndpoint`; as a string `stdio:`.) The Port that it
/// fires with is not listening, as nobody else will come; what `buildProtocol` or StandardIO throws
/// is its failure.
class StandardIOEndpoint : public ServerEndpoint {
 public:
  explicit StandardIOEndpoint(Reactor& reactor);
};

}  // namespace hawser
