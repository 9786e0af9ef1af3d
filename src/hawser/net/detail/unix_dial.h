#pragma once

#include <hawser/base/durations.h>
#include <hawser/net/address.h>
#include <hawser/net/detail/dial.h>

namespace hawser::detail {

/// As `dial`, to a UNIX address. Fails with BadFileError if `checkLock` is set and nobody holds the
/// lock beside the file.
Dialler unixDialler(Reactor& reactor, const Address& address, std::chrono::nanoseconds timeout,
                    bool checkLock);

}  // namespace hawser::detail
