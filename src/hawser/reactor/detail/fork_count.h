#pragma once

namespace hawser::detail {

/// How many times this process is removed, by `fork`, from the one that asked first. Costs no
/// system call.
unsigned forkCount() noexcept;

}  // namespace hawser::detail
