#include <hawser/net/stream_port.h>

#include <hawser/defer/deferred_queue.h>
#include <hawser/net/factory.h>

#include <optional>
#include <utility>

namespace hawser {

namespace {

/// The factory, and the connections that nobody has taken yet; who waits gets none at the end.
class Waiting final : public ServerFactory, public std::enable_shared_from_this<Waiting> {
 public:
  explicit Waiting(std::size_t most) noexcept : most_(most) {}

  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;

  void arrived(Stream stream) {
    if (ended_) return stream.abortConnection();
    connections_.put(std::optional<Stream>(std::move(stream)));
    if (connections_.pending() < most_ || !port_) return;
    paused_ = true;
    port_->pauseAccepting();
  }

  Deferred<std::optional<Stream>> next() {
    if (over_ && connections_.pending() == 0) return std::optional<Stream>();
    auto stream = connections_.get();
    if (paused_ && connections_.pending() == 0) {
      paused_ = false;
      if (port_) port_->resumeAccepting();
    }
    return stream;
  }

  void begin(std::shared_ptr<Port> port) { port_ = std::move(port); }

  void end() {
    ended_ = true;
    if (const auto port = std::exchange(port_, nullptr)) static_cast<void>(port->stopListening());
    while (connections_.pending() > 0)
      connections_.get().addCallback([](std::optional<Stream> stream) {
        if (stream) stream->abortConnection();
      });
  }

 private:
  // Whoever waits already is told now, the others find out: so that takes no memory.
  void stopFactory() override {
    over_ = true;
    if (connections_.waiting() > 0) connections_.put(std::optional<Stream>());
  }

  DeferredQueue<std::optional<Stream>> connections_;
  std::shared_ptr<Port> port_;
  std::size_t most_;
  bool paused_ = false;
  bool over_ = false;   // nobody listens any more
  bool ended_ = false;  // nor does anybody want what arrives
};

/// The protocol of a connection that was just accepted.
class Accepted final : public StreamProtocol {
 public:
  explicit Accepted(std::shared_ptr<Waiting> waiting) noexcept : waiting_(std::move(waiting)) {}

  void connectionMade() override {
    std::exchange(waiting_, nullptr)->arrived(Stream(shared(this)));
  }

 private:
  std::shared_ptr<Waiting> waiting_;
};

std::shared_ptr<Protocol> Waiting::buildProtocol(const Address&) {
  return std::make_shared<Accepted>(shared_from_this());
}

/// Stops listening when the generator below goes.
class Listening {
 public:
  explicit Listening(std::shared_ptr<Waiting> waiting) noexcept : waiting_(std::move(waiting)) {}
  Listening(Listening&& other) noexcept = default;
  Listening& operator=(Listening&&) = delete;
  ~Listening() {
    if (waiting_) waiting_->end();
  }

  Deferred<std::optional<Stream>> next() { return waiting_->next(); }

 private:
  std::shared_ptr<Waiting> waiting_;
};

AsyncGenerator<Stream> connectionsOf(Listening listening) {
  while (std::optional<Stream> stream = co_await listening.next()) co_yield std::move(*stream);
}

}  // namespace

Deferred<StreamPort> listenStreams(const ServerEndpoint& endpoint, std::size_t maxWaiting) {
  auto waiting = std::make_shared<Waiting>(maxWaiting);
  return endpoint.listen(waiting).addCallback([waiting](std::shared_ptr<Port> port) {
    waiting->begin(port);
    return StreamPort{std::move(port), connectionsOf(Listening(waiting))};
  });
}

}  // namespace hawser
