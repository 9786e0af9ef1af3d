#include <hawser/net/detail/standard_descriptor.h>

#include <hawser/base/logging.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace hawser::detail {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

StandardDescriptor::StandardDescriptor(int number, Use use)
    : number_(number), use_(use), kind_(Kind::other), flags_(::fcntl(number, F_GETFL)) {
  struct stat status{};
  if (flags_ < 0 || ::fstat(number, &status) != 0) fail("standard input and output");
  if (S_ISFIFO(status.st_mode))
    kind_ = Kind::pipe;
  else if (S_ISSOCK(status.st_mode))
    kind_ = Kind::socket;
  else if (::isatty(number) == 1)
    kind_ = Kind::terminal;
}

FileDescriptor StandardDescriptor::open() {
  if (kind_ == Kind::pipe || kind_ == Kind::terminal) {
    const std::string path = "/proc/self/fd/" + std::to_string(number_);
    const int access = use_ == Use::input ? O_RDONLY : O_WRONLY;
    FileDescriptor own(::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own) return own;
  }
  FileDescriptor same(::fcntl(number_, F_DUPFD_CLOEXEC, 0));
  if (!same) fail("standard input and output");
  shared_ = true;
  return same;
}

StandardDescriptor::~StandardDescriptor() {
  if (shared_ && ::fcntl(number_, F_SETFL, flags_) != 0)
    logging::warn("the flags of standard input or output cannot be put back");
  if (!taken_ || kind_ == Kind::terminal || kind_ == Kind::other) return;
  if (number_ <= STDERR_FILENO && replaceByNothing()) return;
  // That the other side sees the end is worth more than the number.
  ::close(number_);
}

bool StandardDescriptor::replaceByNothing() const noexcept {
  const FileDescriptor nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere) return false;
  int result = 0;
  do {
    result = ::dup2(nowhere.get(), number_);
  } while (result < 0 && (errno == EINTR || errno == EBUSY));
  return result >= 0;
}

}  // namespace hawser::detail
