// Its timers wait in the same heap whatever the reactor; this one asks the clock, not a timerfd,
// which would know the real time.
#define ASIO_DISABLE_EPOLL

#include "peer.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>

#include <deque>
#include <string>

namespace {

using namespace bench;

class AsioTimers final : public Timers {
 public:
  explicit AsioTimers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) timers_.emplace_back(context_);
  }

  void schedule(std::size_t first, std::span<const Nanoseconds> delays) override {
    for (const Nanoseconds delay : delays) {
      asio::steady_timer& timer = timers_[first++];
      timer.expires_after(delay);
      timer.async_wait([this](const asio::error_code& error) {
        if (!error) ++fired;
      });
    }
  }
  void cancel(std::span<const std::uint32_t> numbers) override {
    for (const std::uint32_t number : numbers) timers_[number].cancel();
    run();
  }
  void advance(Nanoseconds by) override {
    time_.advance(by);
    run();
  }

 private:
  void run() {
    context_.restart();
    context_.poll();
  }

  FakeTime time_;
  asio::io_context context_{1};
  std::deque<asio::steady_timer> timers_;
};

const std::string version = std::to_string(ASIO_VERSION / 100'000) + '.' +
                            std::to_string(ASIO_VERSION / 100 % 1000) + '.' +
                            std::to_string(ASIO_VERSION % 100);
const Entry entry{
    {"asio", version.c_str(), "cancelled waits are called, too", makeTimers<AsioTimers>}};

}  // namespace
