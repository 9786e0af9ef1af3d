#pragma once

#include <hawser/reactor/file_descriptor.h>

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace hawser::detail {

/// What the kernel takes in one message.
inline constexpr std::size_t mostDescriptors = 253;

/// As `sendmsg`: the descriptors go with the first byte of `pieces`.
ssize_t sendDescriptors(int socket, std::span<iovec> pieces,
                        const std::vector<FileDescriptor>& descriptors) noexcept;

/// As `recv`, and what descriptors came with it, which exec will close.
///
/// If some of them got lost, since this process may have no more, it fails with EMFILE (or ENOMEM)
/// and those that are left are closed: nobody could tell which ones they are.
ssize_t receiveWithDescriptors(int socket, std::span<std::byte> buffer,
                               std::vector<FileDescriptor>& descriptors) noexcept;

}  // namespace hawser::detail
