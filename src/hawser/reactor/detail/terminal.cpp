#include <hawser/reactor/detail/terminal.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>

namespace hawser::detail {

namespace {

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category(), "terminal"); }

}  // namespace

Terminal Terminal::open() {
  Terminal made{FileDescriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), {}};
  if (!made.ownEnd || ::unlockpt(made.ownEnd.get()) != 0) fail();
  // Not by its name, which may mean another one in another mount namespace.
  made.childEnd =
      FileDescriptor(::ioctl(made.ownEnd.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!made.childEnd) fail();
  return made;
}

}  // namespace hawser::detail
