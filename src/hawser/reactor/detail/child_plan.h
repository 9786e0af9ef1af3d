#pragma once

#include <string>
#include <vector>

namespace hawser {
struct ProcessOptions;
}

namespace hawser::detail {

class ChildStart;

/// Puts into a plan what `spawnProcess` was asked for, but for the descriptors: which files to try,
/// with which words, environment and directory, as whom.
/// @throws std::invalid_argument for a zero byte in a string
void planChild(ChildStart& plan, std::string executable, std::vector<std::string> args,
               const ProcessOptions& options);

}  // namespace hawser::detail
