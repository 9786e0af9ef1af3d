#pragma once

#include <hawser/base/unique_function.h>
#include <hawser/defer/deferred.h>
#include <hawser/reactor/reactor.h>

#include <optional>
#include <string>

namespace poetry {

/// One of the subcommands, with its options.
struct Command {
  std::string name;
  hawser::unique_function<hawser::Deferred<int>(hawser::Reactor&)> main;
};

/// Reads the command line into `command`. If there is nothing to run, because of `--help` or
/// because of a mistake, it has printed why and returns the exit status: 0 or 2.
std::optional<int> parseCommandLine(int argc, char** argv, Command& command);

}  // namespace poetry
