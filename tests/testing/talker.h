#pragma once

#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser::testing {

/// A protocol that keeps what it is told, and does what its test tells it to do then.
class Talker final : public Protocol {
 public:
  void connectionMade() override {
    made = true;
    if (onMade) onMade(*this);
  }
  void dataReceived(std::string_view bytes) override {
    received += bytes;
    sizes.push_back(bytes.size());
    if (onData) onData(*this);
  }
  void readConnectionLost() override {
    readLost = true;
    if (!staysHalfOpen) Protocol::readConnectionLost();
  }
  void connectionLost(const Failure& why) override { lost = why; }

  /// The type of the reason, without namespace; "" while it is connected.
  std::string lostWith() const {
    if (!lost) return "";
    const std::string name = lost->typeName();
    return name.substr(name.rfind(':') + 1);
  }

  bool made = false;
  bool readLost = false;
  bool staysHalfOpen = false;
  std::string received;
  std::vector<std::size_t> sizes;
  std::optional<Failure> lost;
  std::function<void(Talker&)> onMade;
  std::function<void(Talker&)> onData;
};

/// Makes Talkers, lets the test prepare them, and keeps them.
class Talkers final : public ServerFactory {
 public:
  std::shared_ptr<Protocol> buildProtocol(const Address&) override {
    all.push_back(std::make_shared<Talker>());
    if (prepare) prepare(*all.back());
    return all.back();
  }

  std::vector<std::shared_ptr<Talker>> all;
  std::function<void(Talker&)> prepare;
};

}  // namespace hawser::testing
