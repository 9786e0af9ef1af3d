#include <hawser/protocols/netstring_receiver.h>

#include <hawser/base/logging.h>
#include <hawser/net/transport.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hawser {

namespace {

// A larger buffer is given back after its message: an idle connection should cost little.
constexpr std::size_t keptCapacity = 4096;

std::string shown(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  if (value >= 0x20 && value < 0x7f) return fmt::format("'{}'", byte);
  return fmt::format("byte 0x{:02x}", value);
}

}  // namespace

NetstringParseError::NetstringParseError(std::uint64_t offset, const std::string& problem)
    : std::runtime_error(fmt::format("bad netstring at byte {}: {}", offset, problem)),
      offset_(offset) {}
NetstringParseError::~NetstringParseError() = default;

NetstringReceiver::~NetstringReceiver() = default;

void NetstringReceiver::sendString(std::string_view message) {
  const fmt::format_int length(message.size());
  transport().writeSequence({std::string_view(length.data(), length.size()), ":", message, ","});
}

void NetstringReceiver::parseFailed(const NetstringParseError& error) {
  logging::warn(fmt::format("{}: {}; closing the connection", transport().getPeer().toString(),
                            error.what()));
  transport().loseConnection();
}

void NetstringReceiver::dataReceived(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::broken && !transport().disconnecting()) {
    switch (state_) {
      case State::length:
        takeLength(bytes);
        break;
      case State::payload:
        takePayload(bytes);
        break;
      case State::comma:
        takeComma(bytes);
        break;
      case State::broken:
        break;
    }
  }
}

void NetstringReceiver::takeLength(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char byte = bytes.front();
    if (byte == ':' && digits_) {
      consume(bytes, 1);
      digits_ = false;
      state_ = length_ > 0 ? State::payload : State::comma;
      return;
    }
    if (byte < '0' || byte > '9') {
      const std::string_view wanted = digits_ ? "a digit or ':'" : "a digit";
      return reject(fmt::format("expected {}, got {}", wanted, shown(byte)));
    }
    if (digits_ && length_ == 0) return reject("a length must not begin with 0");
    const auto digit = static_cast<std::size_t>(byte - '0');
    if (length_ > maxLength_ / 10 || digit > maxLength_ - length_ * 10)
      return reject(fmt::format("the length exceeds the limit of {} bytes", maxLength_));
    length_ = length_ * 10 + digit;
    digits_ = true;
    consume(bytes, 1);
  }
}

void NetstringReceiver::takePayload(std::string_view& bytes) {
  if (partial_.empty() && bytes.size() > length_ && bytes[length_] == ',') {
    const std::string_view message = bytes.substr(0, length_);
    consume(bytes, length_ + 1);
    length_ = 0;
    state_ = State::length;
    stringReceived(message);
    return;
  }
  const std::size_t count = std::min(bytes.size(), length_ - partial_.size());
  partial_.append(bytes.substr(0, count));
  consume(bytes, count);
  if (partial_.size() == length_) state_ = State::comma;
}

void NetstringReceiver::takeComma(std::string_view& bytes) {
  if (bytes.front() != ',')
    return reject(fmt::format("expected ',' after {} bytes of message, got {}", length_,
                              shown(bytes.front())));
  consume(bytes, 1);
  length_ = 0;
  state_ = State::length;
  deliverPartial();
}

void NetstringReceiver::deliverPartial() {
  std::string message = std::exchange(partial_, {});
  stringReceived(message);
  if (message.capacity() > keptCapacity) return;
  message.clear();
  partial_ = std::move(message);
}

void NetstringReceiver::consume(std::string_view& bytes, std::size_t count) noexcept {
  bytes.remove_prefix(count);
  offset_ += count;
}

void NetstringReceiver::reject(const std::string& problem) {
  state_ = State::broken;
  partial_ = {};
  parseFailed(NetstringParseError(offset_, problem));
}

}  // namespace hawser
