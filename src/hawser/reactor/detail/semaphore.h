#pragma once

#include <semaphore.h>

#include <cerrno>

namespace hawser::detail {

/// What one thread waits at and another opens. A mutex with a condition variable would do the same,
/// but who is woken may find the mutex still held, and sleep again.
class Semaphore {
 public:
  Semaphore() noexcept { ::sem_init(&semaphore_, 0, 0); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() { ::sem_destroy(&semaphore_); }

  void post() noexcept { ::sem_post(&semaphore_); }
  void wait() noexcept {
    while (::sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }

 private:
  sem_t semaphore_;
};

}  // namespace hawser::detail
