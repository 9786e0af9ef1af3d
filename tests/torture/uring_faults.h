#pragma once

#include <linux/io_uring.h>
#include <sys/types.h>

namespace hawser::torture {

// The kernel's side of io_uring is reached through memory: these note where that is, and change
// requests just before the kernel takes them. A request that is to fail becomes one that does
// nothing and completes with the error.

void ringMade(int descriptor, const io_uring_params& parameters);
void ringMapped(int descriptor, off_t offset, void* memory);
/// Before `count` requests are submitted.
void changeRequests(int descriptor, unsigned count);

}  // namespace hawser::torture
