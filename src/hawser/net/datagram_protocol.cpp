#include <hawser/net/datagram_protocol.h>

#include <hawser/base/logging.h>
#include <hawser/net/datagram_transport.h>
#include <hawser/net/detail/datagram_text.h>

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace hawser {

DatagramProtocol::~DatagramProtocol() = default;

void DatagramProtocol::makeConnection(DatagramTransport& transport) {
  if (transport_ && transport_->listening())
    throw std::logic_error("makeConnection: this protocol has an open port already");
  auto shared = transport.weak_from_this().lock();
  // Not in a shared_ptr: whoever made it keeps it.
  if (!shared) shared = {std::shared_ptr<void>(), &transport};
  transport_ = std::move(shared);
  startProtocol();
}

void DatagramProtocol::datagramTruncated(std::string_view beginning, const Address& from) {
  if (std::exchange(complained_, true)) return;
  logging::warn(fmt::format(
      "{}: dropped a datagram of {} that is longer than the {} bytes allowed; the next "
      "ones will be dropped in silence",
      detail::datagramText(transport().getHost()), detail::datagramText(from), beginning.size()));
}

DatagramTransport& DatagramProtocol::transport() const {
  if (!transport_) throw std::logic_error("this protocol has no transport yet");
  return *transport_;
}

}  // namespace hawser
