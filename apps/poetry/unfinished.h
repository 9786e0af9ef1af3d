#pragma once

#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>

#include <cstddef>
#include <set>
#include <utility>

namespace poetry {

/// The connections whose poem is not through yet.
///
/// A poem ends where its connection is closed in order, so a server that stops must not just close:
/// whoever got half a poem would take it for a whole one. It breaks the connections off instead,
/// and the clients see a reset.
class Unfinished {
 public:
  void add(hawser::Protocol& connection) { connections_.insert(&connection); }
  void remove(hawser::Protocol& connection) { connections_.erase(&connection); }

  /// Aborts them all; returns how many.
  std::size_t abortAll() {
    const auto aborted = std::exchange(connections_, {});
    for (hawser::Protocol* connection : aborted) connection->transport().abortConnection();
    return aborted.size();
  }

 private:
  std::set<hawser::Protocol*> connections_;
};

}  // namespace poetry
