#pragma once

#include <hawser/base/delayed_call.h>
#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/detail/unix_socket_file.h>
#include <hawser/net/factory.h>
#include <hawser/net/port.h>
#include <hawser/net/tcp.h>
#include <hawser/reactor/after_turn.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/operations.h>

#include <memory>
#include <system_error>

namespace hawser::detail {

/// The Port of a listening stream channel. It holds itself while it listens, and each of its
/// connections holds it, and with it the factory.
class StreamListener final : public Port,
                             public ConnectionObserver,
                             public std::enable_shared_from_this<StreamListener>,
                             private AcceptHandler,
                             private Disconnectable {
 public:
  /// @throws CannotListenError, and what the factory's `startFactory` throws
  static std::shared_ptr<StreamListener> listen(Reactor& reactor, const Address& address,
                                                std::shared_ptr<Factory> factory,
                                                const ListenOptions& options);

  /// The same on a channel that listens already.
  /// @param file is destroyed when the port stops; may be null
  static std::shared_ptr<StreamListener> listenOn(Reactor& reactor, ChannelPtr channel,
                                                  const Address& host,
                                                  std::shared_ptr<Factory> factory,
                                                  std::unique_ptr<UnixSocketFile> file);

  /// For those only: public for make_shared.
  StreamListener(Reactor& reactor, ChannelPtr channel, const Address& host,
                 std::shared_ptr<Factory> factory, std::unique_ptr<UnixSocketFile> file);
  ~StreamListener() override;

  Address getHost() const override { return host_; }
  Deferred<void> stopListening() override;
  bool listening() const noexcept override { return channel_ != nullptr; }
  void pauseAccepting() override;
  void resumeAccepting() override;

 private:
  void accepted(ChannelPtr channel, const NativeAddress& peer) override;
  void acceptFailed(std::error_code error) override;
  void disconnect() override { close(); }
  Draining draining() const noexcept override { return Draining::stops; }
  void connectionEnded(const Failure&) override {}
  const Address* commonHost() const noexcept override { return commonHost_; }
  bool accepts() const noexcept override { return true; }
  void retry();
  void complain(const char* what, std::error_code error) const noexcept;
  void close();

  Reactor& reactor_;
  ChannelPtr channel_;  // null once it has stopped
  std::shared_ptr<Factory> factory_;
  std::shared_ptr<StreamListener> self_;  // while it listens
  std::unique_ptr<UnixSocketFile> file_;  // of a UNIX socket, while it listens
  Address host_;
  const Address* commonHost_;  // host_, if that is the address of every connection; else null
  DelayedCall retry_;
  bool paused_ = false;      // by whoever listens
  bool complained_ = false;  // since the last connection that was accepted
};

}  // namespace hawser::detail
