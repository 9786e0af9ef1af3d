#include "peer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

// What there is to be had: a stack that needs no lock, in front of an eventfd that is written only
// when it was empty; and a queue with one lock for the pool.

namespace bench {

namespace {

struct Call {
  virtual ~Call() = default;
  virtual void make() = 0;
  Call* next = nullptr;
};

class Loop {
 public:
  Loop() : descriptor_(::eventfd(0, EFD_NONBLOCK)) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { ::close(descriptor_); }

  void post(Call* call) {
    call->next = calls_.load(std::memory_order_relaxed);
    while (!calls_.compare_exchange_weak(call->next, call, std::memory_order_acq_rel)) {
    }
    if (call->next) return;
    const std::uint64_t one = 1;
    static_cast<void>(!::write(descriptor_, &one, sizeof one));
  }
  void run() {
    while (!stopped_) {
      pollfd waiting{descriptor_, POLLIN, 0};
      ::poll(&waiting, 1, -1);
      std::uint64_t count = 0;
      static_cast<void>(!::read(descriptor_, &count, sizeof count));
      Call* call = calls_.exchange(nullptr, std::memory_order_acquire);
      Call* first = nullptr;
      while (call) first = std::exchange(call, std::exchange(call->next, first));
      while (first) {
        Call* const made = std::exchange(first, first->next);
        made->make();
        delete made;
      }
    }
  }
  void stop() { stopped_ = true; }

 private:
  int descriptor_;
  std::atomic<Call*> calls_{nullptr};
  bool stopped_ = false;
};

template <class F>
void post(Loop& loop, F f) {
  struct Made final : Call {
    explicit Made(F g) : f(std::move(g)) {}
    void make() override { f(); }
    F f;
  };
  loop.post(new Made(std::move(f)));
}

void postAll(std::size_t calls) {
  Loop loop;
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      post(loop, [&] {
        if (++made == calls) loop.stop();
      });
  });
  loop.run();
  other.join();
}

void roundTrip(std::size_t calls) {
  Loop loop;
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i) {
      std::mutex mutex;
      std::condition_variable changed;
      bool done = false;
      post(loop, [&] {
        ++made;
        const std::lock_guard lock(mutex);
        done = true;
        changed.notify_one();
      });
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return done; });
    }
    post(loop, [&] { loop.stop(); });
  });
  loop.run();
  other.join();
}

void pool(std::size_t jobs) {
  Loop loop;
  std::mutex mutex;
  std::condition_variable wake;
  std::size_t queued = 0;
  bool over = false;
  std::size_t left = jobs;
  std::size_t waiting = jobs;
  const auto give = [&] {
    if (left == 0) return;
    --left;
    {
      const std::lock_guard lock(mutex);
      ++queued;
    }
    wake.notify_one();
  };
  const auto ended = [&](std::size_t one) {
    waiting -= one;
    if (waiting == 0)
      loop.stop();
    else
      give();
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < poolThreads; ++t)
    threads.emplace_back([&] {
      std::unique_lock lock(mutex);
      for (;;) {
        wake.wait(lock, [&] { return queued > 0 || over; });
        if (queued == 0) return;
        --queued;
        lock.unlock();
        post(loop, [&] { ended(1); });
        lock.lock();
      }
    });
  for (std::size_t i = 0; i < inFlight; ++i) give();
  loop.run();
  {
    const std::lock_guard lock(mutex);
    over = true;
  }
  wake.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

const Peer limitPeer{"the limit", postAll, roundTrip, pool};

}  // namespace bench
