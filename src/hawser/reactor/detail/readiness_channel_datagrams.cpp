#include <hawser/reactor/detail/call_handler.h>
#include <hawser/reactor/detail/datagram.h>
#include <hawser/reactor/detail/readiness_backend.h>
#include <hawser/reactor/detail/readiness_channel.h>

#include <utility>

namespace hawser::detail {

void ReadinessChannel::receiveDatagrams(DatagramHandler& handler) {
  if (state_.kind != Kind::otherSocket) return Channel::receiveDatagrams(handler);
  if (!begin(Incoming::datagrams)) return;
  datagrams_ = &handler;
  awaitIncoming();
}

void ReadinessChannel::receiveSomeDatagrams() {
  DatagramHandler& handler = *datagrams_;
  for (int tries = 0; tries < ReadinessBackend::datagramsPerTurn; ++tries) {
    const Datagram datagram = incomingError_ != 0
                                  ? Datagram::ended(std::exchange(incomingError_, 0))
                                  : Datagram::receive(descriptor_.get(), backend_->readBuffer());
    switch (datagram.outcome) {
      case Datagram::Outcome::none:
        state_.readable = false;
        return;
      case Datagram::Outcome::received:
        callHandler("while handling a datagram", [&] {
          handler.datagramReceived(datagram.bytes, datagram.from, datagram.truncated);
        });
        break;
      case Datagram::Outcome::failed:
        callHandler("while handling the failure of a datagram",
                    [&] { handler.datagramFailed(systemError(datagram.error)); });
        break;
      case Datagram::Outcome::ended:
        state_.incoming = Incoming::none;
        callHandler("while handling the end of datagrams",
                    [&] { handler.datagramsEnded(systemError(datagram.error)); });
        return;
    }
    if (!backend_ || state_.incoming != Incoming::datagrams || state_.paused) return;
  }
  backend_->schedule(*this);
}

}  // namespace hawser::detail
