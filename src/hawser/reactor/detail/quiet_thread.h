#pragma once

#include <signal.h>

#include <thread>
#include <utility>

namespace hawser::detail {

/// A thread with signals blocked from its first instruction on: they belong to the reactor.
/// @throws std::system_error if there can be no further thread
template <class Work>
std::thread quietThread(Work work) {
  struct Blocked {
    Blocked() noexcept {
      sigset_t all;
      sigfillset(&all);
      done_ = ::pthread_sigmask(SIG_SETMASK, &all, &before_) == 0;
    }
    ~Blocked() {
      if (done_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    sigset_t before_;
    bool done_;
  } const blocked;
  return std::thread(std::move(work));
}

}  // namespace hawser::detail
