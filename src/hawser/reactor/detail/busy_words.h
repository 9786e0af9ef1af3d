#pragma once

#include <hawser/reactor/thread_pool_errors.h>

#include <cstddef>
#include <string>
#include <vector>

namespace hawser::detail {

/// "2 threads are busy with ...", at most ten of them.
std::string inWords(const std::vector<BusyThread>& busyWith);
/// "7 jobs wait".
std::string waitingInWords(std::size_t jobs);

}  // namespace hawser::detail
