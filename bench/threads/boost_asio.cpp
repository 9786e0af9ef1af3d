#include "peer.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>

namespace bench {

namespace {

namespace asio = boost::asio;

std::uint64_t post(std::size_t threads, std::size_t calls) {
  asio::io_context loop;
  auto work = asio::make_work_guard(loop);
  std::uint64_t sum = 0;
  std::size_t left = calls;
  const Askers askers(threads, calls, [&](std::size_t number) {
    asio::post(loop, [&, number] {
      sum += answerTo(number);
      if (--left == 0) work.reset();
    });
  });
  loop.run();
  return sum;
}

std::uint64_t roundTrip(std::size_t calls) {
  asio::io_context loop;
  auto work = asio::make_work_guard(loop);
  std::uint64_t sum = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      sum += asio::post(loop, asio::use_future([i] { return answerTo(i); })).get();
    asio::post(loop, [&] { work.reset(); });
  });
  loop.run();
  other.join();
  return sum;
}

class PoolRun {
 public:
  PoolRun(std::size_t inFlight, std::size_t jobs) : inFlight_(inFlight), jobs_(jobs) {}
  std::uint64_t run() {
    for (std::size_t i = 0; i < inFlight_; ++i) give();
    loop_.run();
    pool_.join();
    return sum_;
  }

 private:
  void give() {
    if (given_ == jobs_) return;
    asio::post(pool_, [this, i = given_++] {
      asio::post(loop_, [this, answer = answerTo(i)] {
        sum_ += answer;
        if (++ended_ == jobs_)
          work_.reset();
        else
          give();
      });
    });
  }

  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  asio::thread_pool pool_{poolThreads};
  std::size_t inFlight_;
  std::size_t jobs_;
  std::size_t given_ = 0;
  std::size_t ended_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace

const Peer asioPeer{"asio", post, roundTrip, [](std::size_t inFlight, std::size_t jobs) {
                      return PoolRun(inFlight, jobs).run();
                    }};

}  // namespace bench
