// A thread that asks the reactor, and waits for the answer.
//
// What belongs to the reactor may be touched on its thread only. A thread has two ways to it:
// callFromThread asks for a call and goes on; blockingCallFromThread waits for what the call gives,
// or for what the Deferred that it returns fires with. A failure is thrown in the thread.

#include <hawser/hawser.h>

#include <fmt/core.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>

using namespace hawser;
using namespace std::chrono_literals;

struct UnknownError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Lives on the reactor's thread, and needs no lock.
class Shop {
 public:
  explicit Shop(Reactor& reactor) : reactor_(reactor) {}

  void sell(const std::string& what) {
    fmt::print("  shop: {} is sold, {} left\n", what, --stock_);
  }
  int stock() const { return stock_; }
  // The price is asked for elsewhere, and comes later.
  Deferred<int> price(std::string what) {
    return task::deferLater(reactor_, 5ms, [this, what = std::move(what)] {
      const auto found = prices_.find(what);
      if (found == prices_.end()) throw UnknownError("nobody sells " + what);
      return found->second;
    });
  }

 private:
  Reactor& reactor_;
  std::map<std::string, int> prices_ = {{"tea", 3}, {"rope", 7}};
  int stock_ = 10;
};

// Runs in a thread, and reads from top to bottom.
void goShopping(Reactor& reactor, Shop& shop) {
  for (const std::string what : {"tea", "rope", "patience"}) {
    try {
      const int price = blockingCallFromThread(reactor, [&] { return shop.price(what); });
      fmt::print("thread: {} costs {}\n", what, price);
      reactor.callFromThread([&shop, what] { shop.sell(what); });
      fmt::print("thread: in stock, then: {}\n",
                 blockingCallFromThread(reactor, [&] { return shop.stock(); }));
    } catch (const UnknownError& error) {
      fmt::print("thread: {}\n", error.what());
    }
  }
}

Deferred<void> program(Reactor& reactor) {
  Shop shop(reactor);
  co_await deferToThread(
      reactor, [](Reactor* on, Shop* in) { goShopping(*on, *in); }, &reactor, &shop);
  // The reactor's thread would wait for itself.
  try {
    blockingCallFromThread(reactor, [] {});
  } catch (const WrongThreadError& error) {
    fmt::print("reactor: {}\n", error.what());
  }
}

int main() { return task::react(program); }
