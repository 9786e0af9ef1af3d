#include <hawser/net/errors.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hawser {

namespace {

std::string secondsText(std::chrono::nanoseconds duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

std::string couldNotConnect(std::string_view where, std::string_view why) {
  return fmt::format("could not connect to {}: {}", where, why);
}

std::string doneText(std::string_view where) {
  return fmt::format("connection with {} was closed cleanly", where);
}

std::string lostText(std::string_view where, std::string_view why) {
  return fmt::format("connection with {} was lost: {}", where, why);
}

std::string cannotListen(std::string_view where, std::string_view why) {
  return fmt::format("cannot listen on {}: {}", where, why);
}

std::string cannotSend(std::string_view where, std::string_view why) {
  return fmt::format("cannot send a datagram to {}: {}", where, why);
}

// The text with a mark before the place that is wrong: long descriptions stay readable, and bytes
// that would disturb a terminal are shown as numbers.
std::string marked(std::string_view text, std::size_t position) {
  std::string out;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == position) out += ">>>";
    if (i == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += text[i];
  }
  return out;
}

std::string badText(std::string_view kind, std::string_view text, std::size_t position,
                    std::string_view problem) {
  return fmt::format("bad {} \"{}\": {} (at byte {}: \"{}\")", kind,
                     marked(text, std::string::npos), problem, position, marked(text, position));
}

}  // namespace

std::string errorText(int osError) {
  const char* description = ::strerrordesc_np(osError);
  const char* name = ::strerrorname_np(osError);
  if (!description || !name) return fmt::format("error {}", osError);
  return fmt::format("{} ({})", description, name);
}

ConnectError::ConnectError(std::string where, int osError, const std::string& sentence)
    : std::runtime_error(sentence), where_(std::move(where)), osError_(osError) {}
ConnectError::ConnectError(std::string where, int osError)
    : ConnectError(where, osError, couldNotConnect(where, errorText(osError))) {}
ConnectError::~ConnectError() = default;

ConnectionRefusedError::~ConnectionRefusedError() = default;
NoRouteError::~NoRouteError() = default;
TCPTimedOutError::~TCPTimedOutError() = default;

BadFileError::BadFileError(std::string where)
    : ConnectError(where, 0, couldNotConnect(where, "nobody holds the lock beside it")) {}
BadFileError::~BadFileError() = default;

ConnectBindError::ConnectBindError(std::string where, std::string_view local, int osError)
    : ConnectError(where, osError,
                   couldNotConnect(where, fmt::format("cannot use the local address {}: {}", local,
                                                      errorText(osError)))) {}
ConnectBindError::~ConnectBindError() = default;

ConnectTimeoutError::ConnectTimeoutError(std::string where, std::chrono::nanoseconds allowed)
    : ConnectError(where, 0,
                   couldNotConnect(where, "no connection within " + secondsText(allowed))) {}
ConnectTimeoutError::~ConnectTimeoutError() = default;

DNSLookupError::DNSLookupError(std::string name, std::string reason)
    : ConnectError(name, 0,
                   fmt::format("could not look up the name \"{}\": {}",
                               marked(name, std::string::npos), reason)),
      reason_(std::move(reason)) {}
DNSLookupError::~DNSLookupError() = default;

NoProtocol::NoProtocol(std::string where)
    : ConnectError(where, 0, couldNotConnect(where, "the factory built no protocol for it")) {}
NoProtocol::~NoProtocol() = default;

ConnectingCancelledError::ConnectingCancelledError(std::string where)
    : sentence_(fmt::format("connecting to {} was cancelled", where)), where_(std::move(where)) {}
ConnectingCancelledError::~ConnectingCancelledError() = default;

ConnectionClosed::ConnectionClosed(std::string where, const std::string& sentence)
    : std::runtime_error(sentence), where_(std::move(where)) {}
ConnectionClosed::~ConnectionClosed() = default;

struct ConnectionDone::Texts {
  explicit Texts(std::string place) : sentence(doneText(place)), where(std::move(place)) {}
  std::string sentence;
  std::string where;
};

ConnectionDone::ConnectionDone(std::string where) : ConnectionClosed(where, doneText(where)) {}
ConnectionDone::ConnectionDone(const Address& peer)
    : ConnectionClosed(std::string(), std::string()), peer_(peer) {}
ConnectionDone::ConnectionDone(const ConnectionDone& other)
    : ConnectionClosed(other), peer_(other.peer_) {}
ConnectionDone& ConnectionDone::operator=(const ConnectionDone& other) {
  if (this == &other) return *this;
  ConnectionClosed::operator=(other);
  peer_ = other.peer_;
  delete texts_.exchange(nullptr);
  return *this;
}
ConnectionDone::~ConnectionDone() { delete texts_.load(std::memory_order_acquire); }

// Several threads may ask at the same time: all get what the first one has made.
const ConnectionDone::Texts* ConnectionDone::texts() const noexcept {
  const Texts* existing = texts_.load(std::memory_order_acquire);
  if (existing) return existing;
  try {
    auto made = std::make_unique<const Texts>(peer_->toString());
    if (!texts_.compare_exchange_strong(existing, made.get(), std::memory_order_acq_rel))
      return existing;
    return made.release();
  } catch (...) {
    return nullptr;
  }
}

const char* ConnectionDone::what() const noexcept {
  if (!peer_) return ConnectionClosed::what();
  const Texts* const made = texts();
  return made ? made->sentence.c_str() : "a connection was closed cleanly";
}

const std::string& ConnectionDone::where() const noexcept {
  if (!peer_) return ConnectionClosed::where();
  static const std::string noMemory = "somewhere";
  const Texts* const made = texts();
  return made ? made->where : noMemory;
}

ConnectionLost::ConnectionLost(std::string where, int osError, const std::string& sentence)
    : ConnectionClosed(std::move(where), sentence), osError_(osError) {}
ConnectionLost::ConnectionLost(std::string where, int osError)
    : ConnectionLost(where, osError, lostText(where, errorText(osError))) {}
ConnectionLost::ConnectionLost(std::string where, std::string_view problem)
    : ConnectionLost(where, 0, lostText(where, problem)) {}
ConnectionLost::~ConnectionLost() = default;

ConnectionAborted::ConnectionAborted(std::string where)
    : ConnectionLost(where, 0, "connection with " + where + " was aborted on this side") {}
ConnectionAborted::~ConnectionAborted() = default;

WriteQueueFullError::WriteQueueFullError(std::string where, std::size_t limit)
    : ConnectionLost(where, 0,
                     fmt::format("connection with {} was aborted: more than {} bytes were "
                                 "waiting to be sent",
                                 where, limit)),
      limit_(limit) {}
WriteQueueFullError::~WriteQueueFullError() = default;

IncompleteReadError::IncompleteReadError(std::string where, std::size_t received,
                                         std::string_view expected)
    : ConnectionClosed(where, fmt::format("connection with {} ended after {} bytes of {}", where,
                                          received, expected)),
      received_(received) {}
IncompleteReadError::~IncompleteReadError() = default;

LineTooLongError::LineTooLongError(std::string where, std::size_t limit)
    : std::runtime_error(
          fmt::format("{} sent more than {} bytes without the delimiter", where, limit)),
      where_(std::move(where)),
      limit_(limit) {}
LineTooLongError::~LineTooLongError() = default;

StreamBusyError::StreamBusyError()
    : std::logic_error("a Stream was asked to read while an earlier read of it was pending") {}
StreamBusyError::~StreamBusyError() = default;

EmptyStreamError::EmptyStreamError()
    : std::logic_error("a Stream was used that holds no connection: it was moved from") {}
EmptyStreamError::~EmptyStreamError() = default;

CannotListenError::CannotListenError(std::string where, int osError)
    : std::runtime_error(cannotListen(where, errorText(osError))),
      where_(std::move(where)),
      osError_(osError) {}
CannotListenError::CannotListenError(std::string where, std::string_view problem)
    : std::runtime_error(cannotListen(where, problem)), where_(std::move(where)), osError_(0) {}
CannotListenError::~CannotListenError() = default;

FileSendError::FileSendError(std::uint64_t sent, int osError, const std::string& sentence)
    : std::runtime_error(sentence), sent_(sent), osError_(osError) {}
FileSendError::FileSendError(std::uint64_t sent, int osError)
    : FileSendError(sent, osError,
                    fmt::format("a file could not be read, after {} bytes of it were sent: {}",
                                sent, errorText(osError))) {}
FileSendError::~FileSendError() = default;

FileTooShortError::FileTooShortError(std::uint64_t sent, std::uint64_t missing)
    : FileSendError(sent, 0,
                    fmt::format("a file has become shorter: {} bytes of it were sent, {} are "
                                "missing",
                                sent, missing)),
      missing_(missing) {}
FileTooShortError::~FileTooShortError() = default;

DatagramError::DatagramError(std::string where, int osError, const std::string& sentence)
    : std::runtime_error(sentence), where_(std::move(where)), osError_(osError) {}
DatagramError::DatagramError(std::string where, int osError)
    : DatagramError(where, osError, cannotSend(where, errorText(osError))) {}
DatagramError::~DatagramError() = default;

MessageLengthError::MessageLengthError(std::string where, std::size_t bytes)
    : DatagramError(where, EMSGSIZE,
                    cannotSend(where, fmt::format("{} bytes are too many for a datagram", bytes))) {
}
MessageLengthError::~MessageLengthError() = default;

DatagramQueueFullError::DatagramQueueFullError(std::string where, std::size_t limit)
    : DatagramError(
          where, 0,
          cannotSend(where, fmt::format("more than {} bytes were waiting to be sent", limit))),
      limit_(limit) {}
DatagramQueueFullError::~DatagramQueueFullError() = default;

MulticastJoinError::MulticastJoinError(std::string_view group, bool join, std::string_view problem)
    : std::runtime_error(fmt::format("cannot {} the multicast group \"{}\": {}",
                                     join ? "join" : "leave", marked(group, std::string::npos),
                                     problem)) {}
MulticastJoinError::~MulticastJoinError() = default;

SocketOptionError::SocketOptionError(std::string option, int osError)
    : std::runtime_error(
          fmt::format("the kernel refuses the option {}: {}", option, errorText(osError))),
      option_(std::move(option)),
      osError_(osError) {}
SocketOptionError::~SocketOptionError() = default;

BadAddressError::BadAddressError(std::string_view text, std::size_t position,
                                 std::string_view problem)
    : std::invalid_argument(badText("address", text, position, problem)), position_(position) {}
BadAddressError::~BadAddressError() = default;

BadEndpointError::BadEndpointError(std::string_view description, std::size_t position,
                                   std::string_view problem)
    : std::invalid_argument(badText("endpoint", description, position, problem)),
      position_(position) {}
BadEndpointError::~BadEndpointError() = default;

NotConnectingError::NotConnectingError()
    : std::logic_error("stopConnecting: this connector is not trying to connect") {}
NotConnectingError::~NotConnectingError() = default;

Failure connectFailure(std::string where, int osError, std::source_location site) {
  switch (osError) {
    case ECONNREFUSED:
      return Failure(ConnectionRefusedError(std::move(where), osError), site);
    case ENETUNREACH:
    case EHOSTUNREACH:
      return Failure(NoRouteError(std::move(where), osError), site);
    case ETIMEDOUT:
      return Failure(TCPTimedOutError(std::move(where), osError), site);
    default:
      return Failure(ConnectError(std::move(where), osError), site);
  }
}

}  // namespace hawser
