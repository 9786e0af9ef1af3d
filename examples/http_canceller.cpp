// An HTTP client whose canceller aborts the connection.
//
// Whoever makes a Deferred knows how to stop the work, and says so in its canceller. Whoever waits
// says cancel(), to whatever chain he has: it goes down to the innermost wait, here from the page
// to the answer of one connection. The canceller hangs up, so the server learns of it, too.

#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_queue.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/protocol.h>
#include <hawser/net/transport.h>
#include <hawser/reactor/task.h>

#include <fmt/core.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using namespace hawser;

class HttpClient : public Protocol {
 public:
  // The body of a page. Cancelling aborts the connection.
  Deferred<std::string> get(const std::string& path) {
    auto [page, resolver] = makeDeferred<std::string>([self = weak(this)] {
      const auto client = self.lock();
      if (!client) return;
      client->page_ = {};
      client->transport().abortConnection();
    });
    page_ = std::move(resolver);
    transport().write(fmt::format("GET {} HTTP/1.0\r\n\r\n", path));
    return std::move(page);
  }

  void dataReceived(std::string_view bytes) override { answer_ += bytes; }

  // With HTTP/1.0 the page ends where the connection ends.
  void connectionLost(const Failure& reason) override {
    if (!page_) return;
    if (!reason.check<ConnectionDone>()) return page_.errback(reason);
    const std::size_t head = answer_.find("\r\n\r\n");
    page_.callback(head == answer_.npos ? std::string() : answer_.substr(head + 4));
  }

 private:
  std::string answer_;
  Resolver<std::string> page_;
};

Deferred<std::string> getPage(ClientEndpoint server, std::string path) {
  const auto client = co_await connectProtocol(server, std::make_shared<HttpClient>());
  co_return co_await client->get(path);
}

// What the server has to tell.
using Events = DeferredQueue<std::string>;

// Answers at once, or only begins to.
class HttpServer : public Protocol {
 public:
  explicit HttpServer(std::shared_ptr<Events> events) : events_(std::move(events)) {}

  void dataReceived(std::string_view bytes) override {
    request_ += bytes;
    if (!request_.ends_with("\r\n\r\n")) return;
    transport().write("HTTP/1.0 200 OK\r\n\r\nOnce upon a time");
    if (request_.starts_with("GET /short ")) {
      transport().write(" they lived happily ever after.");
      transport().loseConnection();
    }
    events_->put(request_.substr(0, request_.find(" HTTP")));
  }

  void connectionLost(const Failure& reason) override {
    if (!reason.check<ConnectionDone>()) events_->put("the client has hung up");
  }

 private:
  std::shared_ptr<Events> events_;
  std::string request_;
};

Deferred<void> show(Deferred<std::string> page) {
  return std::move(page)
      .addCallback([](const std::string& text) { fmt::print("  client: {}\n", text); })
      .addErrback([](const CancelledError&) { fmt::print("  client: cancelled\n"); });
}

Deferred<void> program(Reactor& reactor) {
  const auto events = std::make_shared<Events>();
  const TCP4ServerEndpoint anyPort(reactor, 0, defaultBacklog, "127.0.0.1");
  const auto port = co_await anyPort.listen(Factory::forProtocol<HttpServer>(events));
  const TCP4ClientEndpoint server(reactor, "127.0.0.1", port->getHost().port());

  fmt::print("A short story:\n");
  auto shortOne = show(getPage(server, "/short"));
  std::string event = co_await events->get();
  fmt::print("  server: {}\n", event);
  co_await std::move(shortOne);

  fmt::print("A long story:\n");
  auto longOne = show(getPage(server, "/long"));
  event = co_await events->get();
  fmt::print("  server: {}\n", event);
  fmt::print("  (that will take too long)\n");
  longOne.cancel();
  event = co_await events->get();
  fmt::print("  server: {}\n", event);
}

int main() { return task::react(program); }
