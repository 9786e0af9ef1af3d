#include "peer.h"

#include <hawser/hawser.h>

#include <algorithm>
#include <thread>

namespace bench {

namespace {

using namespace hawser;

void post(std::size_t calls) {
  Reactor reactor;
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i)
      reactor.callFromThread([&] {
        if (++made == calls) reactor.stop();
      });
  });
  reactor.run();
  other.join();
}

void roundTrip(std::size_t calls) {
  Reactor reactor;
  std::size_t made = 0;
  std::thread other([&] {
    for (std::size_t i = 0; i < calls; ++i) blockingCallFromThread(reactor, [&] { ++made; });
    reactor.callFromThread([&] { reactor.stop(); });
  });
  reactor.run();
  other.join();
}

class PoolRun {
 public:
  explicit PoolRun(std::size_t jobs) : left_(jobs), waiting_(jobs) {}
  void run() {
    reactor_.callWhenRunning([this] {
      for (std::size_t i = 0; i < std::min(inFlight, left_); ++i) give();
    });
    reactor_.run();
  }

 private:
  void give() {
    if (left_ == 0) return;
    --left_;
    deferToThreadPool(reactor_, pool_, [] { return 1; }).addCallback([this](int one) {
      waiting_ -= static_cast<std::size_t>(one);
      if (waiting_ == 0)
        reactor_.stop();
      else
        give();
    });
  }

  Reactor reactor_;
  ThreadPool pool_{{.maxThreads = poolThreads}};
  std::size_t left_;
  std::size_t waiting_;
};

}  // namespace

const Peer hawserPeer{"Hawser", post, roundTrip, [](std::size_t jobs) { PoolRun(jobs).run(); }};

}  // namespace bench
