#include "peer.h"

#include <hawser/hawser.h>

#include <algorithm>
#include <thread>

namespace bench {

namespace {

using namespace hawser;

std::uint64_t post(std::size_t threads, std::size_t calls) {
  Reactor reactor;
  std::uint64_t sum = 0;
  std::size_t left = calls;
  const Askers askers(threads, calls, [&](std::size_t number) {
    reactor.callFromThread([&, number] {
      sum += answerTo(number);
      if (--left == 0) reactor.stop();
    });
  });
  reactor.run();
  return sum;
}

std::uint64_t roundTrip(std::size_t calls) {
  Reactor reactor;
  std::uint64_t sum = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      sum += blockingCallFromThread(reactor, [i] { return answerTo(i); });
    reactor.callFromThread([&] { reactor.stop(); });
  });
  reactor.run();
  other.join();
  return sum;
}

class PoolRun {
 public:
  PoolRun(std::size_t inFlight, std::size_t jobs) : inFlight_(inFlight), jobs_(jobs) {}
  std::uint64_t run() {
    reactor_.callWhenRunning([this] {
      for (std::size_t i = 0; i < inFlight_; ++i) give();
    });
    reactor_.run();
    return sum_;
  }

 private:
  void give() {
    if (given_ == jobs_) return;
    deferToThreadPool(reactor_, pool_, [i = given_++] {
      return answerTo(i);
    }).addCallback([this](std::uint64_t answer) {
      sum_ += answer;
      if (++ended_ == jobs_)
        reactor_.stop();
      else
        give();
    });
  }

  Reactor reactor_;
  ThreadPool pool_{{.maxThreads = poolThreads}};
  std::size_t inFlight_;
  std::size_t jobs_;
  std::size_t given_ = 0;
  std::size_t ended_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace

const Peer hawserPeer{"hawser", post, roundTrip, [](std::size_t inFlight, std::size_t jobs) {
                        return PoolRun(inFlight, jobs).run();
                      }};

}  // namespace bench
