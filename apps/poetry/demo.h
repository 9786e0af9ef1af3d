#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/reactor/reactor.h>

#include <string>
#include <vector>

namespace poetry {

struct DemoOptions {
  std::vector<std::string> files;  ///< poems; none: those that ship with the program
};

/// `poetry demo`: servers, services, proxy and clients in one process, on one reactor, telling what
/// happens. Fires with 0 if everything happened as it should.
hawser::Deferred<int> demo(hawser::Reactor& reactor, DemoOptions options);

}  // namespace poetry
