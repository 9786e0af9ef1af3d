#pragma once

#include <hawser/reactor/file_descriptor.h>

namespace hawser::detail {

/// A new pseudo-terminal; both ends are closed by exec.
struct Terminal {
  FileDescriptor ownEnd;
  FileDescriptor childEnd;

  /// @throws std::system_error
  static Terminal open();
};

}  // namespace hawser::detail
