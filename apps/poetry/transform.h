#pragma once

#include <poetry/program.h>

#include <hawser/base/clock.h>

#include <chrono>

namespace poetry {

struct TransformOptions {
  ListenOptions where;
  hawser::Clock::Duration idleTime = std::chrono::seconds(60);
};

/// `poetry transform`: the transformation service.
hawser::Deferred<int> transform(hawser::Reactor& reactor, TransformOptions options);

}  // namespace poetry
