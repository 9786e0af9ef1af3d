#include "server_process.h"

#include "traffic.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace load {

ServerProcess::ServerProcess(pid_t process) : process_(process) {
  if (process_ != 0 && ::clock_getcpuclockid(process_, &clock_) != 0)
    fail("there is no process of that number");
}

std::uint64_t ServerProcess::cpuTime() const noexcept {
  timespec time{};
  if (process_ != 0) ::clock_gettime(clock_, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::size_t ServerProcess::memory() const {
  if (process_ == 0) return 0;
  std::ifstream status("/proc/" + std::to_string(process_) + "/status");
  std::string word;
  while (status >> word)
    if (word == "RssAnon:") {
      std::size_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  fail("the server has ended");
}

std::size_t ServerProcess::descriptors() const {
  if (process_ == 0) return 0;
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(process_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace load
