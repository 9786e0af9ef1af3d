#pragma once

#include <hawser/reactor/channel.h>
#include <hawser/reactor/file_descriptor.h>

#include <cstdint>

namespace hawser::detail {

/// The part of a channel that completes at once, for every backend whose channels are descriptors.
class SocketChannel : public Channel {
 public:
  enum class Kind : std::uint8_t {
    streamSocket,  ///< a short read means that nothing is left to read
    unixStream,    ///< the same, unless descriptors came with it
    otherSocket,
    file,  ///< pipe, terminal: `read` and `write`
  };
  static Kind kindOfSocket(int type) noexcept;
  /// @throws std::system_error
  static Kind kindOf(int descriptor);
  /// To be called for each descriptor that becomes a channel, except those that are accepted: they
  /// inherit it. From then on urgent data is a part of the stream.
  static void takeUrgentDataForOrdinaryData(int descriptor, Kind kind) noexcept;

  std::error_code shutdownSend() noexcept override;
  std::error_code sendDatagram(std::span<const std::byte> bytes,
                               const NativeAddress& to) noexcept override;
  std::error_code setPeer(const NativeAddress& peer) noexcept override;
  std::error_code bind(const NativeAddress& address) noexcept override;
  std::error_code listen(int backlog) noexcept override;
  std::error_code setOption(int level, int name,
                            std::span<const std::byte> value) noexcept override;
  std::error_code getOption(int level, int name, std::span<std::byte> value,
                            std::size_t& size) const noexcept override;
  NativeAddress localAddress() const noexcept override;
  NativeAddress peerAddress() const noexcept override;
  int descriptor() const noexcept override { return descriptor_.get(); }

  /// Its descriptor was closed by somebody else, and the number is another's now. What is under way
  /// ends with EBADF, in a later round, and so does what is tried from now on.
  virtual void robbed() noexcept = 0;

 protected:
  friend class DescriptorMap;
  explicit SocketChannel(FileDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}

  FileDescriptor descriptor_;
};

/// An error number of a system call.
inline std::error_code systemError(int number) noexcept {
  return {number, std::generic_category()};
}

}  // namespace hawser::detail
