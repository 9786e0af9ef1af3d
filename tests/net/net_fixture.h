#pragma once

#include <hawser/base/logging.h>
#include <hawser/defer/deferred.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/reactor.h>
#include <hawser/testing/simulated_network.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hawser::nettest {

using namespace std::chrono_literals;

/// A protocol that writes down what happens to it, and does what its test tells it to do then.
class Peer final : public Protocol {
 public:
  void connectionMade() override { event("made", onMade); }
  void dataReceived(std::string_view bytes) override {
    received += bytes;
    ++deliveries;
    if (onData) onData(*this, bytes);
  }
  void readConnectionLost() override {
    events.emplace_back("readLost");
    if (onReadLost)
      onReadLost(*this);
    else
      Protocol::readConnectionLost();
  }
  void writeConnectionLost() override { event("writeLost", onWriteLost); }
  void connectionLost(const Failure& why) override {
    reason = why;
    event("lost", onLost);
  }

  bool made() const { return !events.empty(); }
  bool lost() const { return reason.has_value(); }
  /// The type of what `connectionLost` was given, without namespace.
  std::string lostWith() const;

  std::string received;
  int deliveries = 0;
  std::vector<std::string> events;  // other than data
  std::optional<Failure> reason;
  std::function<void(Peer&)> onMade;
  std::function<void(Peer&, std::string_view)> onData;
  std::function<void(Peer&)> onReadLost;
  std::function<void(Peer&)> onWriteLost;
  std::function<void(Peer&)> onLost;

 private:
  void event(const char* name, const std::function<void(Peer&)>& handler) {
    events.emplace_back(name);
    if (handler) handler(*this);
  }
};

/// Builds Peers, lets the test prepare each, and keeps them. Counts its starts and stops.
class PeerFactory final : public ServerFactory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address& address) override;
  void startFactory() override { ++starts; }
  void stopFactory() override { ++stops; }

  std::function<void(Peer&)> prepare;
  bool keep = true;
  std::vector<std::shared_ptr<Peer>> peers;
  std::vector<Address> addresses;
  int starts = 0;
  int stops = 0;
};

/// The type's name without namespaces.
std::string shortType(const Failure& failure);

/// Bytes that differ from place to place, so that a piece lost, doubled or moved shows.
std::string pattern(std::size_t size);

/// Collects what is logged as a warning or worse. All of it must have been expected, and taken, by
/// the end of the test.
class LogWatch {
 public:
  LogWatch();
  ~LogWatch();
  std::string take() { return std::exchange(logged_, {}); }

 private:
  std::string logged_;
  logging::Observation quiet_;
  logging::Observation observation_;
};

/// What the tests talk over: the kernel's network or, if the environment says
/// HAWSER_TEST_NETWORK=simulated, a simulated one that is as quick and orderly as a loopback
/// device.
class TestNetwork {
 public:
  TestNetwork();
  static bool simulated();

  /// For the one reactor on it; null stands for the default.
  std::unique_ptr<Backend> makeBackend() { return network_ ? network_->makeBackend() : nullptr; }
  /// Lets the reactor make turns until `done`, for at most ten seconds of its network's time; false
  /// if it never was.
  bool run(Reactor& reactor, const std::function<bool()>& done);
  /// Null on the kernel's.
  testing::SimulatedNetwork* simulation() noexcept { return network_ ? &*network_ : nullptr; }

 private:
  std::optional<testing::SimulatedNetwork> network_;
};

/// Skips a test of what only the kernel has: plain sockets, descriptors, failing system calls.
#define NOT_SIMULATED(why) \
  if (TestNetwork::simulated()) GTEST_SKIP() << "not in a simulation: " << (why)

/// A reactor that runs while the test waits for something, at most ten seconds.
class NetTest : public ::testing::Test {
 private:
  LogWatch log_;  // first, so that it sees the end of the reactor

 protected:
  /// Runs the reactor until `done`, or fails the test.
  void until(const std::function<bool()>& done);
  /// A few turns that hardly wait: what is on its way inside this process arrives.
  void settle();

  template <class T>
  Result<T> resultOf(Deferred<T> deferred) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    const auto handle = deferred.cancelHandle();
    static_cast<void>(
        std::move(deferred).addBoth([result](Result<T> r) { result->emplace(std::move(r)); }));
    until([&] { return result->has_value(); });
    if (!*result) {
      handle.cancel();
      return Failure(std::runtime_error("no result in time"));
    }
    return std::move(**result);
  }
  template <class T>
  T valueOf(Deferred<T> deferred) {
    Result<T> result = resultOf(std::move(deferred));
    if constexpr (std::is_void_v<T>)
      result.value();
    else
      return std::move(result.value());
  }

  /// Takes what was logged, or "" if nothing was.
  std::string takeLog() { return log_.take(); }

  TestNetwork network;
  Reactor reactor{network.makeBackend()};
};

/// The same on IPv4 and on IPv6, with a server and clients that connect to it.
class TcpTest : public NetTest, public ::testing::WithParamInterface<const char*> {
 protected:
  struct Pair {
    std::shared_ptr<Peer> client;
    std::shared_ptr<Peer> server;
  };

  void SetUp() override;
  ClientEndpoint endpoint() const;
  /// A client that is connected to a new server peer; `peers->prepare` and `prepare` run first.
  Pair connect(const std::function<void(Peer&)>& prepare = {});

  std::shared_ptr<PeerFactory> peers = std::make_shared<PeerFactory>();
  std::shared_ptr<Port> port;
};

/// A plain socket of the kernel's, to be a peer that does what no Hawser peer does.
class RawSocket {
 public:
  explicit RawSocket(int descriptor) noexcept : descriptor_(descriptor) {}
  RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawSocket& operator=(RawSocket&& other) noexcept {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
  }
  ~RawSocket() { close(); }

  /// Connects and waits until it is connected.
  static RawSocket connectedTo(const Address& address);
  int get() const noexcept { return descriptor_; }
  void send(std::string_view bytes) const;
  /// Everything up to the peer's end; throws on a reset.
  std::string receiveAll() const;
  /// Ends the connection with a reset instead of in order.
  void reset();
  void close() noexcept;

 private:
  int descriptor_;
};

/// A server that takes no connections: connecting to it lasts until somebody gives up.
class SilentServer {
 public:
  explicit SilentServer(TestNetwork& network);
  const Address& address() const noexcept { return address_; }

 private:
  void listen();

  RawSocket listening_{-1};
  std::vector<RawSocket> fillers_;
  Address address_;
};

}  // namespace hawser::nettest
