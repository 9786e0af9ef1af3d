#pragma once

#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace poetry {

/// The connections whose poem is not through yet.
///
/// A poem ends where its connection is closed in order, so a server that stops must not just close:
/// whoever got half a poem would take it for a whole one. It breaks the connections off instead,
/// and the clients see a reset.
class Unfinished {
 public:
  void add(hawser::Protocol& connection) {
    places_[&connection] = connections_.insert(connections_.end(), &connection);
  }
  void remove(hawser::Protocol& connection) {
    const auto found = places_.extract(&connection);
    if (found) connections_.erase(found.mapped());
  }

  /// Aborts them all, the oldest first; returns how many.
  std::size_t abortAll() {
    places_.clear();
    const auto aborted = std::exchange(connections_, {});
    for (hawser::Protocol* connection : aborted) connection->transport().abortConnection();
    return aborted.size();
  }

 private:
  std::list<hawser::Protocol*> connections_;
  std::unordered_map<hawser::Protocol*, std::list<hawser::Protocol*>::iterator> places_;
};

}  // namespace poetry
