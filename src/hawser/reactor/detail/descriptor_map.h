#pragma once

#include <hawser/reactor/detail/socket_channel.h>

#include <vector>

namespace hawser::detail {

/// Which channel of a backend has which descriptor.
///
/// When the kernel hands out a number that a channel still counts as its own, somebody has closed
/// that descriptor behind the backend's back. Whatever that channel did next, it would do to the
/// newcomer: send to it, read from it, and close it in the end. So it is told at that moment, and
/// an error is logged. (Until then nobody can know; what the channel tries meanwhile fails with
/// EBADF.)
class DescriptorMap {
 public:
  /// Makes room for a descriptor that is new, and takes its number from the channel that has it, if
  /// any.
  /// @throws std::bad_alloc
  void expect(int descriptor);
  /// Notes whose it is. It was expected.
  void add(SocketChannel& channel) noexcept;
  /// Before the channel gives up its descriptor, if it has one.
  void remove(const SocketChannel& channel) noexcept;

 private:
  std::vector<SocketChannel*> channels_;
};

}  // namespace hawser::detail
