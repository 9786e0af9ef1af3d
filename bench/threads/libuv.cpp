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
    uv_loop_init(&loop);
    uv_async_init(&loop, &async_,
                  [](uv_async_t* async) { static_cast<Loop*>(async->data)->make(); });
    async_.data = this;
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
  }
  void post(std::function<void()> call) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(std::move(call));
    }
    uv_async_send(&async_);
  }
  void stop() { uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr); }
  void run() { uv_run(&loop, UV_RUN_DEFAULT); }

  uv_loop_t loop;

 private:
  void make() {
    {
      const std::lock_guard lock(mutex_);
      made_.swap(calls_);
    }
    for (auto& call : made_) call();
    made_.clear();
  }

  uv_async_t async_;
  std::mutex mutex_;
  std::vector<std::function<void()>> calls_;
  std::vector<std::function<void()>> made_;
};

void post(std::size_t calls) {
  Loop loop;
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      loop.post([&] {
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
    uv_sem_t done;
    uv_sem_init(&done, 0);
    for (std::size_t i = 0; i < calls; ++i) {
      loop.post([&] {
        ++made;
        uv_sem_post(&done);
      });
      uv_sem_wait(&done);
    }
    uv_sem_destroy(&done);
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
}

struct PoolRun {
  explicit PoolRun(std::size_t jobs) : left(jobs) {}
  void give() {
    if (left == 0) return;
    --left;
    auto* const work = new uv_work_t;
    work->data = this;
    uv_queue_work(
        &loop, work, [](uv_work_t*) {},
        [](uv_work_t* done, int) {
          auto* const run = static_cast<PoolRun*>(done->data);
          delete done;
          run->give();
        });
  }
  void run() {
    uv_loop_init(&loop);
    for (std::size_t i = 0; i < inFlight; ++i) give();
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
  }

  uv_loop_t loop;
  std::size_t left;
};

}  // namespace

// Its pool has four threads unless UV_THREADPOOL_SIZE says otherwise.
const Peer libuvPeer{"libuv", post, roundTrip, [](std::size_t jobs) { PoolRun(jobs).run(); }};

}  // namespace bench
