#pragma once

#include <poetry/own_poems.h>
#include <poetry/poetry_server.h>
#include <poetry/server_name.h>

#include <hawser/net/port.h>
#include <hawser/reactor/reactor.h>

#include <memory>
#include <string>
#include <vector>

namespace poetry {

/// One of the servers of the demo.
struct DemoServer {
  enum class Fate {
    slow,  ///< sends its poem, in its own time
    dies,  ///< sends half of it; then the connection is reset
    down,  ///< nobody listens there
  };

  Fate fate;
  Poem poem;
  double seconds;  ///< until it has sent its poem, or dies
  ServerName name;
  std::shared_ptr<hawser::Port> port;            ///< null if down
  std::shared_ptr<PoetryServerFactory> factory;  ///< null if down

  /// A word on what will happen, for those who watch.
  std::string prospect() const;
};

/// Starts a slow server for each poem, of different speeds, one that dies and one that is down, all
/// on free ports of the loopback interface.
/// @throws hawser::CannotListenError
std::vector<DemoServer> startDemoServers(hawser::Reactor& reactor, const std::vector<Poem>& poems);

/// A server's name by where it listens.
ServerName nameOf(const hawser::Port& port);

/// Listens on a free port of the loopback interface.
std::shared_ptr<hawser::Port> listenOnLoopback(hawser::Reactor& reactor,
                                               std::shared_ptr<hawser::Factory> factory);

}  // namespace poetry
