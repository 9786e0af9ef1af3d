#pragma once

#include <hawser/reactor/file_descriptor.h>
#include <hawser/reactor/process_transport.h>

namespace hawser::detail {

/// A new pseudo-terminal; both ends are closed by exec.
struct Terminal {
  FileDescriptor ownEnd;
  FileDescriptor childEnd;

  /// @throws std::system_error
  static Terminal open();
};

/// Of the terminal that has this descriptor for its end.
/// @throws std::system_error
void setWindowSize(int descriptor, const WindowSize& size);

}  // namespace hawser::detail
