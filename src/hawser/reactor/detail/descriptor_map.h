#pragma once

#include <hawser/reactor/detail/socket_channel.h>

#include <cstddef>
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
  void expect(int descriptor) {
    const auto place = static_cast<std::size_t>(descriptor);
    if (place >= channels_.size() || channels_[place]) [[unlikely]]
      makeFree(place);
  }
  /// Notes whose it is. It was expected.
  void add(SocketChannel& channel) noexcept {
    channels_[static_cast<std::size_t>(channel.descriptor_.get())] = &channel;
  }
  /// Before the channel gives up its descriptor, or when one that was robbed of it ends.
  void remove(const SocketChannel& channel) noexcept {
    if (const int descriptor = channel.descriptor_.get(); descriptor >= 0) [[likely]]
      channels_[static_cast<std::size_t>(descriptor)] = nullptr;
    else
      std::erase(robbed_, &channel);
  }
  /// Who has the descriptor, or null. For 0 and those that were expected.
  SocketChannel* operator[](std::size_t descriptor) const noexcept { return channels_[descriptor]; }
  /// Calls `visit(channel)` for each that was added and not removed, which must not change that.
  template <class Visit>
  void forEach(Visit visit) const {
    for (SocketChannel* const channel : channels_)
      if (channel) visit(*channel);
    for (SocketChannel* const channel : robbed_) visit(*channel);
  }

 private:
  void makeFree(std::size_t place);

  std::vector<SocketChannel*> channels_{nullptr};  // by descriptor
  std::vector<SocketChannel*> robbed_;             // they have none any more
};

}  // namespace hawser::detail
