// One side of a conversation, by a Stream; stream_test.py has the other side played by other
// programs.
//
//     stream_peer serve ENDPOINT PART      plays PART in every connection, until it is stopped
//     stream_peer connect ENDPOINT PART    plays PART in one
//
// When a conversation is over, one line tells how many bytes were read, their Adler-32 sum, and how
// it ended: `12 bytes 1e2f0450, then the end`.

#include <hawser/hawser.h>

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace hawser;

/// What was read so far: zlib's adler32.
struct Heard {
  std::uint64_t bytes = 0;
  std::uint32_t low = 1;
  std::uint32_t high = 0;

  void add(std::string_view text) {
    bytes += text.size();
    for (const char byte : text) {
      low = (low + static_cast<unsigned char>(byte)) % 65521;
      high = (high + low) % 65521;
    }
  }
  std::string toString() const { return fmt::format("{} bytes {:08x}", bytes, high << 16 | low); }
};

using Part = std::function<Deferred<void>(Stream&, Heard&)>;

Deferred<void> listen(Stream& stream, Heard& heard) {
  while (auto bytes = co_await stream.read()) heard.add(*bytes);
}

Deferred<void> echo(Stream& stream, Heard& heard) {
  while (auto bytes = co_await stream.read()) {
    heard.add(*bytes);
    co_await stream.write(*bytes);
  }
}

Deferred<void> sum(Stream& stream, Heard& heard) {
  co_await listen(stream, heard);
  co_await stream.write(heard.toString() + "\n");
}

Deferred<void> answer(Stream& stream, Heard& heard) {
  auto line = co_await stream.readUntil("\n");
  if (!line) co_return;
  heard.add(*line);
  co_await stream.write("you said " + *line + "\n");
}

Deferred<void> write(Stream& stream, std::uint64_t lines) {
  std::string piece;
  for (std::uint64_t line = 0; line < lines; ++line) {
    piece += fmt::format("{:08}\n", line);
    if (piece.size() < 10'000 && line + 1 < lines) continue;
    co_await stream.write(piece);
    piece.clear();
  }
  stream.loseWriteConnection();
}

/// Numbered lines, 9,000,000 bytes of them, while it reads.
Deferred<void> pour(Stream& stream, Heard& heard) {
  auto writing = write(stream, 1'000'000);
  const Result<void> end = co_await listen(stream, heard).asResult();
  co_await std::move(writing);
  end.value();
}

Deferred<void> abort(Stream& stream, Heard& heard) {
  const auto line = co_await stream.readUntil("\n");
  if (line) heard.add(*line);
  stream.abortConnection();
  co_await listen(stream, heard);
}

const std::map<std::string, Part> parts{{"listen", listen}, {"echo", echo}, {"sum", sum},
                                        {"answer", answer}, {"pour", pour}, {"abort", abort}};

Deferred<void> play(Part part, Stream stream) {
  Heard heard;
  Result<void> end = co_await part(stream, heard).asResult();
  if (end) end = co_await stream.close().asResult();
  const std::string how = end ? "the end" : end.failure().typeName();
  fmt::print("{}, then {}\n", heard.toString(), how);
  std::fflush(stdout);
}

Deferred<void> serve(ServerEndpoint endpoint, Part part) {
  auto [port, incoming] = co_await listenStreams(endpoint);
  fmt::print("listening on {}\n", port->getHost().toString());
  std::fflush(stdout);
  while (auto stream = co_await incoming.next()) play(part, *std::move(stream));
}

Deferred<void> connect(ClientEndpoint endpoint, Part part) {
  Stream stream = co_await connectStream(endpoint);
  co_await play(part, std::move(stream));
}

Deferred<void> program(Reactor& reactor, std::vector<std::string> words) {
  if (words.size() != 3 || !parts.contains(words[2]))
    throw std::invalid_argument("stream_peer serve|connect ENDPOINT PART");
  const Part part = parts.at(words[2]);
  if (words[0] == "serve") return serve(serverFromString(reactor, words[1]), part);
  return connect(clientFromString(reactor, words[1]), part);
}

}  // namespace

int main(int argc, char** argv) { return task::react(program, argc, argv); }
