#pragma once

#include "net/net_fixture.h"

#include <hawser/net/datagram_protocol.h>
#include <hawser/net/datagram_transport.h>
#include <hawser/net/udp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hawser::nettest {

/// A datagram protocol that writes down what happens to it, and does what its test tells it to do.
class Mailbox final : public DatagramProtocol {
 public:
  void startProtocol() override {
    ++starts;
    if (onStart) onStart(*this);
  }
  void stopProtocol() override {
    ++stops;
    if (onStop) onStop(*this);
  }
  void datagramReceived(std::string_view datagram, const Address& from) override {
    received.emplace_back(datagram);
    senders.push_back(from);
    if (onDatagram) onDatagram(*this, datagram, from);
  }
  void datagramTruncated(std::string_view beginning, const Address& from) override {
    truncated.emplace_back(beginning);
    if (logsTruncated) DatagramProtocol::datagramTruncated(beginning, from);
  }
  void connectionRefused() override {
    ++refusals;
    if (onRefused) onRefused(*this);
  }

  int starts = 0;
  int stops = 0;
  int refusals = 0;
  bool logsTruncated = false;
  std::vector<std::string> received;
  std::vector<std::string> truncated;
  std::vector<Address> senders;
  std::function<void(Mailbox&)> onStart;
  std::function<void(Mailbox&)> onStop;
  std::function<void(Mailbox&)> onRefused;
  std::function<void(Mailbox&, std::string_view, const Address&)> onDatagram;
};

}  // namespace hawser::nettest
