#include "peer.h"

#include <hawser/config.h>
#include <hawser/testing/fake_clock.h>

#include <vector>

namespace {

using namespace bench;

class HawserTimers final : public Timers {
 public:
  explicit HawserTimers(std::size_t count) : calls_(count) {}

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays)
      calls_[first++] = clock_.callLater(delay, [this] { ++fired; });
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) {
      calls_[number].cancel();
      calls_[number] = hawser::DelayedCall();
    }
  }
  void forget() override { calls_.assign(calls_.size(), hawser::DelayedCall()); }
  void advance(Nanoseconds by) override { clock_.advance(by); }

 private:
  hawser::testing::FakeClock clock_;
  std::vector<hawser::DelayedCall> calls_;
};

const Entry entry{{"hawser", HAWSER_VERSION_STRING, "exact order", makeTimers<HawserTimers>}};

}  // namespace
