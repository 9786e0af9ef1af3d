#pragma once

#include <hawser/base/clock.h>
#include <hawser/net/factory.h>
#include <hawser/protocols/netstring_receiver.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace poetry {

/// What a transformation service can do, by name: at first `cummingsify`.
using Transformations =
    std::map<std::string, std::function<std::string(std::string_view)>, std::less<>>;

Transformations allTransformations();

/// The transformation service: a request is the netstring `name.poem`, the answer the netstring of
/// the transformed poem; then the next request may follow.
///
/// There is no way to say "no" in this protocol but to close. So a name that it does not know, a
/// request without a name, and bytes that are no netstring each close the connection, with a line
/// in the log that names the peer; so does a peer that asks for nothing during `idleTime`. Other
/// connections are not affected.
class TransformServer : public hawser::NetstringReceiver {
 public:
  TransformServer(hawser::Clock& clock, hawser::Clock::Duration idleTime,
                  std::shared_ptr<const Transformations> transformations);

  void connectionMade() override;
  void dataReceived(std::string_view bytes) override;
  void stringReceived(std::string_view request) override;
  void parseFailed(const hawser::NetstringParseError& error) override;
  void connectionLost(const hawser::Failure& reason) override;

 private:
  void refuse(const std::string& why);
  void tooQuiet();
  std::string peer() const;

  hawser::Clock& clock_;
  hawser::Clock::Duration idleTime_;
  std::shared_ptr<const Transformations> transformations_;
  hawser::DelayedCall idle_;
  std::uint64_t received_ = 0;   // bytes, in all
  std::uint64_t completed_ = 0;  // those that were whole requests
  bool closing_ = false;         // we have said why
};

/// A factory of such connections.
std::shared_ptr<hawser::Factory> transformServerFactory(hawser::Clock& clock,
                                                        hawser::Clock::Duration idleTime);

}  // namespace poetry
