#pragma once

#include "server_process.h"

#include <cstddef>
#include <cstdint>

namespace load {

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  std::size_t bytes = 64;    // of a message
  double seconds = 0;        // what is measured
  double warmUp = 0;         // before that, seconds
  std::uint64_t echoes = 0;  // instead of a time: so many for each connection, or in its place
  pid_t server = 0;          // whose CPU time, memory and descriptors are read
};

// Each prints its figures as one line of JSON; `soak` one every ten seconds.

/// Each connection sends a message, waits for it to come back, and sends the next.
void echo(const Options& options);
/// Connect, one echo, close, on so many connections at a time.
void churn(const Options& options);
/// Connections that do nothing; then one echo on each.
void idle(const Options& options);
/// `churn` for long, with the server's memory and descriptors.
void soak(const Options& options);

}  // namespace load
