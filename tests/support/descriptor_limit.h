#pragma once

#include <hawser/reactor/file_descriptor.h>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace hawser::tests {

/// While it lives, this process may open only a few descriptors more than it has, and can take even
/// those from itself.
class DescriptorLimit {
 public:
  /// The checks of UBSan need descriptors themselves.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool possible = false;
#elif defined(__has_feature)
  static constexpr bool possible = !__has_feature(address_sanitizer);
#else
  static constexpr bool possible = true;
#endif

  explicit DescriptorLimit(rlim_t more) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const FileDescriptor next(::dup(0));  // the lowest free number
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next.get()) + more;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~DescriptorLimit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  void takeAll() {
    while (taken_.empty() || taken_.back()) taken_.emplace_back(::dup(0));
  }
  void giveBack() { taken_.clear(); }

 private:
  rlimit before_{};
  std::vector<FileDescriptor> taken_;
};

}  // namespace hawser::tests
