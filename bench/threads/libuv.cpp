#include "peer.h"

#include <uv.h>

#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

namespace {

/// libuv wakes a loop; the queue is the user's.
class Loop {
 public:
  Loop() {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &async_,
                  [](uv_async_t* async) { static_cast<Loop*>(async->data)->make(); });
    async_.data = this;
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  void post(std::function<void()> call) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(std::move(call));
    }
    uv_async_send(&async_);
  }
  void stop() { uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr); }
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }

 private:
  void make() {
    {
      const std::lock_guard lock(mutex_);
      made_.swap(calls_);
    }
    for (auto& call : made_) call();
    made_.clear();
  }

  uv_loop_t loop_;
  uv_async_t async_;
  std::mutex mutex_;
  std::vector<std::function<void()>> calls_;
  std::vector<std::function<void()>> made_;
};

struct Sum {
  Loop& loop;
  std::size_t left;
  std::uint64_t sum = 0;

  void add(std::size_t number) {
    sum += answerTo(number);
    if (--left == 0) loop.stop();
  }
};

std::uint64_t post(std::size_t threads, std::size_t calls) {
  Loop loop;
  Sum sum{loop, calls};
  const Askers askers(threads, calls,
                      [&](std::size_t number) { loop.post([&sum, number] { sum.add(number); }); });
  loop.run();
  return sum.sum;
}

std::uint64_t roundTrip(std::size_t calls) {
  Loop loop;
  std::uint64_t sum = 0;
  std::thread other([&] {
    struct Waiting {
      uv_sem_t done;
      std::uint64_t answer;
    } waiting;
    uv_sem_init(&waiting.done, 0);
    for (std::size_t i = 0; i < calls; ++i) {
      loop.post([&waiting, i] {
        waiting.answer = answerTo(i);
        uv_sem_post(&waiting.done);
      });
      uv_sem_wait(&waiting.done);
      sum += waiting.answer;
    }
    uv_sem_destroy(&waiting.done);
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
  return sum;
}

class PoolRun {
 public:
  PoolRun(std::size_t inFlight, std::size_t jobs) : inFlight_(inFlight), jobs_(jobs) {}
  std::uint64_t run() {
    uv_loop_init(&loop_);
    for (std::size_t i = 0; i < inFlight_; ++i) give();
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
    return sum_;
  }

 private:
  struct Job {
    uv_work_t work;
    PoolRun* run;
    std::uint64_t number;
  };
  void give() {
    if (given_ == jobs_) return;
    auto* const job = new Job{{}, this, given_++};
    job->work.data = job;
    uv_queue_work(
        &loop_, &job->work,
        [](uv_work_t* work) {
          auto* const running = static_cast<Job*>(work->data);
          running->number = answerTo(running->number);
        },
        [](uv_work_t* work, int) {
          auto* const done = static_cast<Job*>(work->data);
          PoolRun* const run = done->run;
          run->sum_ += done->number;
          delete done;
          run->give();
        });
  }

  uv_loop_t loop_;
  std::size_t inFlight_;
  std::size_t jobs_;
  std::size_t given_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace

// Its pool has four threads unless UV_THREADPOOL_SIZE says otherwise.
const Peer libuvPeer{"libuv", post, roundTrip, [](std::size_t inFlight, std::size_t jobs) {
                       return PoolRun(inFlight, jobs).run();
                     }};

}  // namespace bench
