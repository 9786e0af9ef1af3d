#pragma once

#include <poetry/poetry_server.h>
#include <poetry/program.h>

#include <string>

namespace poetry {

struct ServeOptions {
  std::string file;
  ListenOptions where;
  Pace pace;
};

/// `poetry serve`: a poem for everybody who connects.
hawser::Deferred<int> serve(hawser::Reactor& reactor, ServeOptions options);

}  // namespace poetry
