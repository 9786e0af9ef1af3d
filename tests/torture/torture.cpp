#include "torture/torture.h"

#include <hawser/defer/errors.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/errors.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace hawser::torture {

std::vector<std::string> openDescriptors() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    // The one that looks.
    if (!gone) found.push_back(entry.path().filename().string() + " " + target.string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

int walk(const Failing& failing, const std::function<void()>& scenario) {
  const std::vector<std::string> before = openDescriptors();
  for (int index = 1;; ++index) {
    SCOPED_TRACE(::testing::Message()
                 << failing.call << " number " << index << " with " << failing.name);
    bool happened = false;
    {
      const Fault fault(failing, index);
      scenario();
      happened = fault.happened();
    }
    EXPECT_EQ(openDescriptors(), before) << "descriptors were left, or closed";
    if (!happened || ::testing::Test::HasFailure()) return index - 1;
  }
}

Folder::Folder() {
  static std::atomic<int> number{0};
  path_ = std::filesystem::temp_directory_path() /
          ("hawser-torture." + std::to_string(::getpid()) + "." + std::to_string(++number));
  std::filesystem::create_directory(path_);
}
Folder::~Folder() { std::filesystem::remove_all(path_); }

std::vector<std::string> Folder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename().string());
  return names;
}

Watched::Watched(const char* backend) : reactor(makeBackend(backend)) {}

bool Watched::run() {
  const DelayedCall watchdog = reactor.callLater(10s, [this] {
    ADD_FAILURE() << "it hangs";
    reactor.stop();
  });
  try {
    reactor.run();
    return true;
  } catch (const std::system_error& error) {
    EXPECT_NE(error.code().value(), 0);
    EXPECT_STRNE(error.what(), "");
    return false;
  }
}

void expectTyped(const Failure& failure) {
  EXPECT_TRUE(
      (failure
           .check<ConnectError, ConnectionClosed, CannotListenError, DNSLookupError, AbandonedError,
                  FileSendError, DatagramError, MulticastJoinError, SocketOptionError>()))
      << failure.typeName() << ": " << failure.getErrorMessage();
  EXPECT_NE(failure.getErrorMessage(), "");
}

void PrintTo(const Case& each, std::ostream* stream) {
  *stream << each.backend << ", ";
  PrintTo(each.failing, stream);
}

std::vector<Case> casesOf(std::initializer_list<std::string_view> calls) {
  std::vector<Case> chosen;
  for (const Case& each : allCases())
    for (const std::string_view call : calls)
      if (call == each.failing.call) chosen.push_back(each);
  return chosen;
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  for (const std::string_view backend : backendNames()) {
    for (const Failing& failing : allFailings()) {
      const std::string_view call = failing.call;
      const bool uring = call.starts_with("request:") || call.starts_with("io_uring");
      if (uring != (backend == "io_uring") && uring) continue;
      // On io_uring, too, for datagrams and UNIX sockets.
      if (call.starts_with("epoll") && backend == "poll") continue;
      if (call == "ppoll" && backend != "poll") continue;
      cases.push_back({backend.data(), failing});
    }
  }
  return cases;
}

std::string nameOf(const ::testing::TestParamInfo<Case>& info) {
  std::string name = std::string(info.param.backend) + "_" + info.param.failing.call + "_" +
                     info.param.failing.name;
  for (char& each : name)
    if (std::isalnum(static_cast<unsigned char>(each)) == 0) each = '_';
  return name + (info.param.failing.manner == Manner::after ? "_after" : "");
}

}  // namespace hawser::torture
