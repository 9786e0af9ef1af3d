// An echo server on Boost.Asio, with callbacks, as its examples write one.

#include "server.h"

#include <netinet/in.h>
#include <boost/asio.hpp>

#include <array>
#include <memory>
#include <utility>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const auto& error, std::size_t bytes) {
                              if (!error) self->write(bytes);
                            });
  }

 private:
  void write(std::size_t bytes) {
    asio::async_write(socket_, asio::buffer(buffer_, bytes),
                      [self = shared_from_this()](const auto& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  std::array<char, server::bufferBytes> buffer_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&](const auto& error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
    }
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = server::parseOptions(argc, argv);
  server::prepareSignals();
  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), options.port));
  acceptor.listen(server::backlog);
  accept(acceptor);
  server::announce(acceptor.local_endpoint().port());
  context.run();
}
