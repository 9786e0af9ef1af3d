#pragma once

#include <hawser/net/protocol.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hawser {

/// The peer sent something that is no netstring, or one longer than allowed. `offset()` is where:
/// the number of bytes received on this connection before the one that is wrong.
class NetstringParseError : public std::runtime_error {
 public:
  NetstringParseError(std::uint64_t offset, const std::string& problem);
  ~NetstringParseError() override;
  std::uint64_t offset() const noexcept { return offset_; }

 private:
  std::uint64_t offset_;
};

/// Whole messages over a stream of bytes, as netstrings: `5:hello,`
/// (http://cr.yp.to/proto/netstrings.txt; Twisted's `protocols.basic.NetstringReceiver`).
///
/// Override `stringReceived`; answer with `sendString`. Bytes are looked at once, however the
/// stream is cut; a message that arrives in one piece is not copied.
///
/// Reading is strict. A length that is empty, has a leading zero or a byte that is no digit, a
/// message longer than `maxLength`, a missing comma: each calls `parseFailed` once, and nothing
/// more is read from this connection. A length that is too great is refused at the digit that makes
/// it so, before anything is stored.
class NetstringReceiver : public Protocol {
 public:
  /// Twisted's MAX_LENGTH.
  static constexpr std::size_t defaultMaxLength = 99'999;

  explicit NetstringReceiver(std::size_t maxLength = defaultMaxLength) noexcept
      : maxLength_(maxLength) {}
  ~NetstringReceiver() override;

  /// A whole message arrived. `message` is valid during the call only. Nothing more is delivered
  /// once this has called `loseConnection` or `abortConnection` on the transport.
  virtual void stringReceived(std::string_view message) = 0;

  /// The peer broke the rules. Unless overridden this logs a warning that names the peer, the
  /// problem and the place, and closes the connection with `loseConnection`. An override should
  /// close it too.
  virtual void parseFailed(const NetstringParseError& error);

  /// Sends one message, of any length: the peer's limit is not known here.
  void sendString(std::string_view message);

  std::size_t maxLength() const noexcept { return maxLength_; }

  void dataReceived(std::string_view bytes) override;

 private:
  enum class State : std::uint8_t {
    length,   ///< before or within the digits: `length_` is their value, `digits_` if any came
    payload,  ///< `length_ - partial_.size()` bytes are missing
    comma,    ///< the message is in `partial_`, its comma is missing
    broken    ///< `parseFailed` was called
  };

  void takeLength(std::string_view& bytes);
  void takePayload(std::string_view& bytes);
  void takeComma(std::string_view& bytes);
  void deliverPartial();
  void consume(std::string_view& bytes, std::size_t count) noexcept;
  void reject(const std::string& problem);

  std::string partial_;
  std::uint64_t offset_ = 0;
  std::size_t length_ = 0;
  std::size_t maxLength_;
  bool digits_ = false;
  State state_ = State::length;
};

}  // namespace hawser
