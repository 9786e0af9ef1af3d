#include <hawser/reactor/detail/terminal.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>

namespace hawser::detail {

namespace {

[[noreturn]] void fail(const char* what = "terminal") {
  throw std::system_error(errno, std::generic_category(), what);
}

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

void setWindowSize(int descriptor, const WindowSize& size) {
  winsize given{};
  given.ws_row = size.rows;
  given.ws_col = size.columns;
  given.ws_xpixel = size.xPixels;
  given.ws_ypixel = size.yPixels;
  if (::ioctl(descriptor, TIOCSWINSZ, &given) != 0) fail("setWindowSize");
}

}  // namespace hawser::detail
