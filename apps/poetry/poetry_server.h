#pragma once

#include <poetry/unfinished.h>

#include <hawser/base/clock.h>
#include <hawser/net/factory.h>
#include <hawser/net/protocol.h>
#include <hawser/reactor/looping_call.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace poetry {

/// How slowly a poem is sent: so many bytes at a time (0: all of it), so long apart (0: at once).
struct Pace {
  std::size_t bytes = 0;
  hawser::Clock::Duration delay{};
};

/// What all connections of one server share.
class PoetryServerFactory : public hawser::ServerFactory,
                            public std::enable_shared_from_this<PoetryServerFactory> {
 public:
  PoetryServerFactory(hawser::Clock& clock, std::string poem, Pace pace);

  std::shared_ptr<hawser::Protocol> buildProtocol(const hawser::Address& peer) override;

  hawser::Clock& clock() const noexcept { return clock_; }
  const std::string& poem() const noexcept { return poem_; }
  Pace pace() const noexcept { return pace_; }
  Unfinished& unfinished() noexcept { return unfinished_; }
  /// How many connections there have been.
  std::size_t served() const noexcept { return served_; }

 protected:
  void stopFactory() override;

 private:
  hawser::Clock& clock_;
  std::string poem_;
  Pace pace_;
  Unfinished unfinished_;
  std::size_t served_ = 0;
};

/// The server's side of the poetry protocol: sends the poem piece by piece, then closes. Each
/// connection has a LoopingCall of its own, so that none of them waits for another.
class PoetryServer : public hawser::Protocol {
 public:
  explicit PoetryServer(std::shared_ptr<PoetryServerFactory> factory);

  void connectionMade() override;
  /// Whatever a client says, it gets a poem.
  void dataReceived(std::string_view) override {}
  /// A client that has said all it had to say (`nc -N`) still reads.
  void readConnectionLost() override {}
  void connectionLost(const hawser::Failure& reason) override;

 private:
  void sendPiece();

  std::shared_ptr<PoetryServerFactory> factory_;
  std::string_view rest_;
  hawser::task::LoopingCall sending_;
};

}  // namespace poetry
