#pragma once

#include <hawser/net/errors.h>
#include <hawser/net/stream.h>
#include <hawser/testing/clean_test.h>
#include <hawser/testing/deferred_matchers.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

namespace hawser::nettest {

/// A transport whose kernel takes nothing until the test says so.
class FullTransport : public testing::StringTransport {
 public:
  std::size_t queuedBytes() const noexcept override { return value().size(); }
};

/// A Stream over a transport of strings; the test plays the peer.
class StreamTest : public testing::CleanClockTest {
 protected:
  StreamTest() {
    protocol->makeConnection(transport);
    stream = Stream(protocol);
  }

  void arrives(std::string_view bytes) { protocol->dataReceived(bytes); }
  void finishes() { protocol->readConnectionLost(); }
  void breaks() { protocol->connectionLost(Failure(ConnectionLost(peer, ECONNRESET))); }
  void closes() { protocol->connectionLost(Failure(ConnectionDone(peer))); }
  std::string nextBytes() {
    const auto bytes = testing::successResultOf(stream.read());
    return bytes ? std::string(*bytes) : "(the end)";
  }
  std::string nextLine() {
    return testing::successResultOf(stream.readUntil("\n")).value_or("(the end)");
  }

  const std::string peer = testing::StringTransport::defaultPeer().toString();
  FullTransport transport;
  std::shared_ptr<StreamProtocol> protocol = std::make_shared<StreamProtocol>();
  Stream stream;
};

}  // namespace hawser::nettest
