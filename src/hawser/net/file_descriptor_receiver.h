#pragma once

#include <hawser/reactor/file_descriptor.h>

namespace hawser {

/// What a protocol derives from, besides Protocol, to be given the descriptors that its peer sends
/// over a UNIX connection. (Twisted's `IFileDescriptorReceiver`.)
///
/// A peer's descriptor is as good as a peer's bytes: it may be of any kind, may block, and may be
/// used by the peer at the same time.
class FileDescriptorReceiver {
 public:
  /// A descriptor arrived; it is yours, and is closed by exec. It comes before the `dataReceived`
  /// with the byte that it was sent with, never after it; descriptors come in the order in which
  /// they were sent. Bytes that were written before it may come after it.
  ///
  /// What it throws is logged, and the connection is aborted, as for the events of Protocol.
  /// Descriptors of a connection that is gone before they are delivered are closed, and so are
  /// those for a protocol that does not derive from this.
  virtual void fileDescriptorReceived(FileDescriptor descriptor) = 0;

 protected:
  ~FileDescriptorReceiver() = default;
};

}  // namespace hawser
