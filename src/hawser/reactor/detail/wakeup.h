#pragma once

#include <hawser/reactor/file_descriptor.h>

namespace hawser::detail {

/// What other threads and signal handlers wake a backend with: an eventfd, which becomes readable.
class Wakeup {
 public:
  /// @throws std::system_error
  Wakeup();

  int descriptor() const noexcept { return eventfd_.get(); }
  /// Makes it readable, if it was not. Any thread, any signal handler.
  void wake() noexcept;
  /// Makes it unreadable, for kernel interfaces that would go on reporting it.
  void clear() noexcept;

 private:
  FileDescriptor eventfd_;
};

}  // namespace hawser::detail
