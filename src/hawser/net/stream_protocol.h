#pragma once

#include <hawser/defer/deferred.h>
#include <hawser/net/detail/stream_buffer.h>
#include <hawser/net/producer.h>
#include <hawser/net/protocol.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// How much a Stream holds, in bytes.
struct StreamLimits {
  /// More than this, unread, pauses the transport. What a read is waiting for counts as read.
  std::size_t unread = 64 * 1024;
  /// While more than this is waiting to be sent, `write` waits.
  std::size_t unsent = 64 * 1024;
};

/// The Protocol behind a Stream (stream.h, which tells what its functions do). `connectStream` and
/// `listenStreams` make it; otherwise it is for factories that give their connections to coroutines
///
///     factoryFrom([](const Address&) { return std::make_shared<Greeter>(); });
///     ...
///     void Greeter::connectionMade() { greet(Stream(shared(this))).addErrback(logging::err); }
///
/// and for tests, which play its peer:
///
///     auto protocol = std::make_shared<StreamProtocol>();
///     protocol->makeConnection(transport);  // a StringTransport
///     Deferred<void> done = echo(Stream(protocol));
///     protocol->dataReceived("hello");
class StreamProtocol : public Protocol, private Producer {
 public:
  using Bytes = std::optional<std::string_view>;

  StreamProtocol() noexcept = default;
  ~StreamProtocol() override;

  Deferred<Bytes> read(std::source_location where);
  Deferred<std::optional<std::string>> readUntil(std::string_view delimiter, std::size_t maxBytes,
                                                 std::source_location where);
  Deferred<std::string> readExactly(std::size_t count, std::source_location where);
  Deferred<bool> atEnd(std::source_location where);
  Deferred<void> write(std::string_view bytes, std::source_location where);
  void loseWriteConnection();
  void loseConnection() noexcept;
  /// What destroying its Stream does.
  void letGo() noexcept;
  void abortConnection();
  Deferred<void> close(std::source_location where);
  void setLimits(const StreamLimits& limits) noexcept { limits_ = limits; }

  void dataReceived(std::string_view bytes) final;
  void readConnectionLost() final;
  void connectionLost(const Failure& reason) final;

 private:
  /// What the pending read waits for; it decides the type of its source.
  enum class Want : std::uint8_t {
    nothing,  ///< no read is pending
    bytes,    ///< some; then nothing is unread
    exactly,  ///< `wanted_` of them
    until,    ///< `delimiter_`, behind at most `wanted_` others
    end       ///< some, or the end
  };
  template <class T>
  struct Read;
  /// Somebody who waits in `close`.
  struct Closer {
    std::uint64_t number;
    Resolver<void> resolver;
  };

  void pauseProducing() override {}
  void resumeProducing() override;
  void stopProducing() override {}

  void checkIdle() const;
  template <class T>
  Deferred<T> wait(Want want, std::source_location where);
  template <class T, class V>
  void deliver(V&& value);
  template <class T>
  void failRead(Failure why);
  template <class T>
  void abandonRead() noexcept;
  void stopReading() noexcept;

  Deferred<Bytes> readAtOnce();
  Bytes lendAll() noexcept;
  std::string take(std::size_t count);
  void holdBack();

  bool ended() const noexcept { return readEnded_ || lost_.has_value(); }
  /// Why the connection broke; null if it ended in order.
  const Failure* broken() const noexcept;
  /// Of so many bytes, or of a line.
  Failure incomplete(std::optional<std::size_t> expected) const noexcept;
  /// Where the delimiter of `readUntil` is, or one of these.
  std::size_t search() noexcept;
  static constexpr std::size_t notYet = SIZE_MAX;
  static constexpr std::size_t tooLong = SIZE_MAX - 1;
  std::string takeLine(std::size_t size);
  Failure lineTooLong() const;
  Result<std::optional<std::string>> endOfUntil() const;
  void advance();
  void endReading();
  Deferred<void> refuseWrite(std::source_location where) const;
  Deferred<void> waitUntilSent(std::source_location where);
  std::string where() const;

  detail::StreamBuffer lent_;  // what the last `read` gave
  detail::StreamBuffer unread_;
  detail::Node* reader_ = nullptr;  // the source of the pending read
  Want want_ = Want::nothing;
  bool paused_ = false;        // the transport
  bool readEnded_ = false;     // the peer has finished sending
  bool writeEnded_ = false;    // this side has
  bool closing_ = false;       // loseConnection or abortConnection was called
  bool waitsForRoom_ = false;  // is registered as the transport's producer
  std::size_t wanted_ = 0;
  std::size_t searched_ = 0;  // so many of the unread bytes do not begin the delimiter
  std::string delimiter_;
  StreamLimits limits_;
  std::size_t unsent_ = 0;  // at most so much is waiting to be sent
  std::optional<Failure> lost_;
  std::vector<Resolver<void>> writers_;
  std::vector<Closer> closers_;
  std::uint64_t lastCloser_ = 0;
};

}  // namespace hawser
