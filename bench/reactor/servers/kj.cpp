// An echo server on KJ's promises, with a loop of reads and writes for each connection.

#include "server.h"

#include <kj/async-io.h>
#include <kj/debug.h>

#include <memory>

namespace {

class Session {
 public:
  explicit Session(kj::Own<kj::AsyncIoStream> stream) : stream_(kj::mv(stream)) {}

  kj::Promise<void> run() {
    return stream_->tryRead(buffer_, 1, sizeof buffer_)
        .then([this](std::size_t bytes) -> kj::Promise<void> {
          if (bytes == 0) return kj::READY_NOW;
          return stream_->write(buffer_, bytes).then([this] { return run(); });
        });
  }

 private:
  kj::Own<kj::AsyncIoStream> stream_;
  kj::byte buffer_[server::bufferBytes];
};

class Sessions final : public kj::TaskSet::ErrorHandler {
 public:
  kj::Promise<void> accept(kj::ConnectionReceiver& listening) {
    return listening.accept().then([this, &listening](kj::Own<kj::AsyncIoStream> stream) {
      auto session = kj::heap<Session>(kj::mv(stream));
      auto running = session->run();
      tasks_.add(running.attach(kj::mv(session)));
      return accept(listening);
    });
  }
  void taskFailed(kj::Exception&&) override {}  // a connection that broke

 private:
  kj::TaskSet tasks_{*this};
};

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  auto io = kj::setupAsyncIo();
  auto listening = io.lowLevelProvider->wrapListenSocketFd(
      server::listenOn(options.port), kj::LowLevelAsyncIoProvider::ALREADY_NONBLOCK);
  server::announce(static_cast<std::uint16_t>(listening->getPort()));
  Sessions sessions;
  sessions.accept(*listening).wait(io.waitScope);
}
