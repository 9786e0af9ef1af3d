#pragma once

#include <signal.h>

#include <thread>
#include <utility>

namespace hawser::detail {

/// A thread with signals blocked from its first instruction on: they belong to the reactor.
/// @throws std::system_error if there can be no further thread
template <class Work>
std::thread quietThread(Work work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    const sigset_t& before_;
  } const restore{before};
  return std::thread(std::move(work));
}

}  // namespace hawser::detail
