#include "peer.h"

#include <kj/async-io.h>
#include <kj/async.h>
#include <kj/vector.h>

#include <algorithm>
#include <functional>
#include <future>
#include <thread>

namespace bench {

namespace {

/// A loop on a thread of its own, as KJ has one for each thread; its Executor is what others have.
class LoopThread {
 public:
  LoopThread()
      : thread_([this] {
          auto io = kj::setupAsyncIo();
          kj::PromiseFulfillerPair<void> end = kj::newPromiseAndFulfiller<void>();
          end_ = kj::mv(end.fulfiller);
          started_.set_value(&kj::getCurrentThreadExecutor());
          end.promise.wait(io.waitScope);
        }),
        executor_(*started_.get_future().get()) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    executor_.executeSync([this] { end_->fulfill(); });
    thread_.join();
  }
  const kj::Executor& executor() const { return executor_; }

 private:
  std::promise<const kj::Executor*> started_;
  kj::Own<kj::PromiseFulfiller<void>> end_;
  std::thread thread_;
  const kj::Executor& executor_;
};

/// Each call is a promise for the thread that asks, so it needs a loop too, and waits for many at a
/// time.
std::uint64_t post(std::size_t threads, std::size_t calls) {
  constexpr std::size_t batch = 1000;
  std::uint64_t sum = 0;
  LoopThread loop;
  std::vector<std::thread> askers;
  const std::size_t share = calls / threads;
  for (std::size_t t = 0; t < threads; ++t)
    askers.emplace_back([&, first = t * share, last = (t + 1) * share] {
      auto io = kj::setupAsyncIo();
      for (std::size_t next = first; next < last;) {
        kj::Vector<kj::Promise<void>> promises(batch);
        for (; next < last && promises.size() < batch; ++next)
          promises.add(loop.executor().executeAsync([&sum, next] { sum += answerTo(next); }));
        kj::joinPromises(promises.releaseAsArray()).wait(io.waitScope);
      }
    });
  for (std::thread& asker : askers) asker.join();
  return loop.executor().executeSync([&] { return sum; });
}

std::uint64_t roundTrip(std::size_t calls) {
  const LoopThread loop;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < calls; ++i)
    sum += loop.executor().executeSync([i] { return answerTo(i); });
  return sum;
}

}  // namespace

const Peer kjPeer{"kj", post, roundTrip, nullptr, 10};

}  // namespace bench
