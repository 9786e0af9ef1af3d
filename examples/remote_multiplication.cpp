// A remote calculator that wants a key first: what is asked meanwhile waits for the key.
//
// The client logs in when it is asked for the first time. SharedDeferred gives each call a Deferred
// of its own for the one key, so they wait together, go on in the order in which they came, and
// fail together if the password is refused. Once the key is there, calls do not wait for it.

#include <hawser/defer/deferred.h>
#include <hawser/defer/shared_deferred.h>
#include <hawser/reactor/task.h>
#include <hawser/testing/fake_clock.h>

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

struct RefusedError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The other side of a slow network. Every answer takes a second.
class Server {
 public:
  explicit Server(Clock& clock) : clock_(clock) {}

  Deferred<std::string> logIn(const std::string& password) {
    fmt::print("  server: somebody logs in\n");
    return task::deferLater(clock_, 1s, [password] {
      if (password != "swordfish") throw RefusedError("wrong password");
      return std::string("key 17");
    });
  }

  Deferred<int> multiply(const std::string& key, int a, int b) {
    fmt::print("  server: {} x {} with {}\n", a, b, key);
    return task::deferLater(clock_, 1s, [a, b] { return a * b; });
  }

 private:
  Clock& clock_;
};

class Calculator {
 public:
  Calculator(Server& server, std::string password)
      : server_(server), password_(std::move(password)) {}

  Deferred<int> multiply(int a, int b) {
    return key().addCallback(
        [this, a, b](const std::string& key) { return server_.multiply(key, a, b); });
  }

 private:
  // There is none until somebody needs it. After a refusal the next call logs in again.
  Deferred<std::string> key() {
    if (key_.state() == DeferredState::empty || key_.state() == DeferredState::failure)
      key_ = SharedDeferred<std::string>(server_.logIn(password_));
    return key_.get();
  }

  Server& server_;
  std::string password_;
  SharedDeferred<std::string> key_;
};

Deferred<void> show(Deferred<int> product) {
  return std::move(product)
      .addCallback([](int value) { fmt::print("  client: {}\n", value); })
      .addErrback([](const RefusedError& error) { fmt::print("  client: {}\n", error.what()); });
}

int main() {
  testing::FakeClock clock;
  Server server(clock);

  fmt::print("Three calls need one key:\n");
  Calculator calculator(server, "swordfish");
  auto first = show(calculator.multiply(6, 7));
  auto second = show(calculator.multiply(3, 4));
  auto third = show(calculator.multiply(2, 2));
  fmt::print("one second later:\n");
  clock.advance(1s);
  fmt::print("two seconds later:\n");
  clock.advance(1s);

  fmt::print("The next one has it:\n");
  auto fourth = show(calculator.multiply(5, 5));
  clock.advance(1s);

  fmt::print("Without a key nobody gets through:\n");
  Calculator stranger(server, "sesame");
  auto fifth = show(stranger.multiply(1, 2));
  auto sixth = show(stranger.multiply(3, 4));
  clock.advance(1s);
}
