#include "peer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

// What there is to be had: a stack that needs no lock, in front of an eventfd that is written only
// when it was empty; and for the pool a list with one lock, of jobs that travel back as calls
// themselves, whose threads wake each other one at a time.

namespace bench {

namespace {

struct Call {
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
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

std::uint64_t postAll(std::size_t threads, std::size_t calls) {
  Loop loop;
  std::uint64_t sum = 0;
  std::size_t left = calls;
  const Askers askers(threads, calls, [&](std::size_t number) {
    post(loop, [&, number] {
      sum += answerTo(number);
      if (--left == 0) loop.stop();
    });
  });
  loop.run();
  return sum;
}

std::uint64_t roundTrip(std::size_t calls) {
  Loop loop;
  std::uint64_t sum = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i) {
      std::mutex mutex;
      std::condition_variable changed;
      bool done = false;
      std::uint64_t answer = 0;
      post(loop, [&, i] {
        const std::lock_guard lock(mutex);
        answer = answerTo(i);
        done = true;
        changed.notify_one();
      });
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return done; });
      sum += answer;
    }
    post(loop, [&] { loop.stop(); });
  });
  loop.run();
  other.join();
  return sum;
}

class PoolRun {
 public:
  PoolRun(std::size_t inFlight, std::size_t jobs) : inFlight_(inFlight), jobs_(jobs) {
    for (std::size_t t = 0; t < poolThreads; ++t) threads_.emplace_back([this] { work(); });
  }
  PoolRun(const PoolRun&) = delete;
  PoolRun& operator=(const PoolRun&) = delete;
  ~PoolRun() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  std::uint64_t run() {
    for (std::size_t i = 0; i < inFlight_; ++i) give();
    loop_.run();
    return sum_;
  }

 private:
  struct Job final : Call {
    Job(PoolRun& run, std::uint64_t of) : owner(run), number(of) {}
    void make() override { owner.ended(number); }
    PoolRun& owner;
    std::uint64_t number;
  };

  void give() {
    if (given_ == jobs_) return;
    auto* const job = new Job(*this, given_++);
    bool wakes = false;
    {
      const std::lock_guard lock(mutex_);
      (first_ ? last_->next : first_) = job;
      last_ = job;
      wakes = wakesOne();
    }
    if (wakes) wake_.notify_one();
  }
  void ended(std::uint64_t answer) {
    sum_ += answer;
    if (++ended_ == jobs_)
      loop_.stop();
    else
      give();
  }
  bool wakesOne() {
    if (waking_ || sleeping_ == 0 || !first_) return false;
    return waking_ = true;
  }
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      while (!first_ && !over_) {
        ++sleeping_;
        wake_.wait(lock);
        --sleeping_;
        waking_ = false;
      }
      if (!first_) return;
      Call* const taken = std::exchange(first_, first_->next);
      const bool wakes = wakesOne();
      lock.unlock();
      if (wakes) wake_.notify_one();
      auto* const job = static_cast<Job*>(taken);
      job->number = answerTo(job->number);
      loop_.post(job);
      lock.lock();
    }
  }

  Loop loop_;
  std::size_t inFlight_;
  std::size_t jobs_;
  std::size_t given_ = 0;
  std::size_t ended_ = 0;
  std::uint64_t sum_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  Call* first_ = nullptr;
  Call* last_ = nullptr;
  std::size_t sleeping_ = 0;
  bool waking_ = false;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

const Peer limitPeer{"limit", postAll, roundTrip, [](std::size_t inFlight, std::size_t jobs) {
                       return PoolRun(inFlight, jobs).run();
                     }};

}  // namespace bench
