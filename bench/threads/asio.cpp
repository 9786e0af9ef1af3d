#include "peer.h"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <thread>

namespace bench {

namespace {

void post(std::size_t calls) {
  asio::io_context loop;
  auto work = asio::make_work_guard(loop);
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      asio::post(loop, [&] {
        if (++made == calls) work.reset();
      });
  });
  loop.run();
  other.join();
}

void roundTrip(std::size_t calls) {
  asio::io_context loop;
  auto work = asio::make_work_guard(loop);
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      asio::post(loop, asio::use_future([&] { ++made; })).get();
    asio::post(loop, [&] { work.reset(); });
  });
  loop.run();
  other.join();
}

struct PoolRun {
  explicit PoolRun(std::size_t jobs) : left(jobs), waiting(jobs) {}
  void give() {
    if (left == 0) return;
    --left;
    asio::post(pool, [this] {
      asio::post(loop, [this] {
        if (--waiting == 0)
          work.reset();
        else
          give();
      });
    });
  }
  void run() {
    for (std::size_t i = 0; i < inFlight; ++i) give();
    loop.run();
    pool.join();
  }

  asio::io_context loop;
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  asio::thread_pool pool{poolThreads};
  std::size_t left;
  std::size_t waiting;
};

}  // namespace

const Peer asioPeer{"Asio", post, roundTrip, [](std::size_t jobs) { PoolRun(jobs).run(); }};

}  // namespace bench
