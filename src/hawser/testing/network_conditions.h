#pragma once

#include <hawser/base/durations.h>

#include <cstddef>

namespace hawser::testing {

/// How a simulated network treats what is sent between two hosts. Probabilities run from 0, never,
/// to 1, always; sizes are in bytes.
///
/// As it stands this is a network that is slow and chops, but loses nothing.
struct NetworkConditions {
  using Duration = std::chrono::nanoseconds;

  /// How long anything is on its way. Each connection keeps its own order; between connections
  /// nothing is in order.
  Duration minLatency = std::chrono::milliseconds(1);
  Duration maxLatency = std::chrono::milliseconds(40);
  /// The longest pause between two pieces of what was sent together.
  Duration maxGap = std::chrono::milliseconds(1);

  /// How often what could arrive together is cut somewhere.
  double cutting = 0.25;
  /// The room in the sending, and in the receiving, buffer of a connection is chosen between these.
  std::size_t minBuffer = 4 * 1024;
  std::size_t maxBuffer = 256 * 1024;

  /// A connect is refused though somebody listens.
  double refusing = 0;
  /// A connect is never answered: it ends with ETIMEDOUT after two minutes.
  double hanging = 0;
  /// At each piece that arrives: the connection is reset for both ends instead.
  double resetting = 0;
  /// At each piece that arrives: from now on nothing passes on this connection, either way, and
  /// nobody is told. The one who sends gives up after a minute.
  double stalling = 0;

  /// A datagram gets lost, or arrives twice. (That they overtake each other comes from the
  /// latency.)
  double losing = 0;
  double duplicating = 0;
};

/// How a simulated kernel treats the programs that run on it.
struct KernelConditions {
  /// A receive gives less than is there.
  double shortReads = 0.25;
  /// A send takes less than there is room for.
  double shortWrites = 0.1;
  /// A send completes in a later turn even though there is room, as on io_uring.
  double lateSends = 0.25;
  /// Accepting fails with EMFILE.
  double acceptErrors = 0;
  /// Sending a datagram fails with ENOBUFS.
  double sendErrors = 0;
  /// A reset throws away what the program has not read yet (Linux keeps it, others do not).
  double destructiveResets = 0.5;
  /// More channels cannot be opened, and none be accepted (EMFILE).
  std::size_t maxChannels = 100'000;
};

}  // namespace hawser::testing
