#include "peer.h"

#include <capnp/common.h>
#include <kj/async.h>
#include <kj/timer.h>

#include <string>
#include <vector>

namespace {

using namespace bench;

class KjTimers final : public Timers {
 public:
  explicit KjTimers(std::size_t count) : promises_(count) {}
  ~KjTimers() noexcept override = default;

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays)
      promises_[first++] = timer_.afterDelay(delay.count() * kj::NANOSECONDS)
                               .then([this] { ++fired; })
                               .eagerlyEvaluate(nullptr);
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) promises_[number] = nullptr;
  }
  void advance(Nanoseconds by) override {
    now_ += by.count() * kj::NANOSECONDS;
    timer_.advanceTo(now_);
    scope_.poll();
  }

 private:
  kj::EventLoop loop_;
  kj::WaitScope scope_{loop_};
  kj::TimePoint now_ = kj::origin<kj::TimePoint>();
  kj::TimerImpl timer_{now_};
  std::vector<kj::Maybe<kj::Promise<void>>> promises_;
};

const std::string version = std::to_string(CAPNP_VERSION_MAJOR) + '.' +
                            std::to_string(CAPNP_VERSION_MINOR) + '.' +
                            std::to_string(CAPNP_VERSION_MICRO);
const Entry entry{{"kj", version.c_str(), "a promise for each", makeTimers<KjTimers>}};

}  // namespace
