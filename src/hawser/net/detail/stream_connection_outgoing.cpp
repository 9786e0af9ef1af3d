#include <hawser/defer/detail/handler_scope.h>
#include <hawser/net/detail/stream_connection.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/detail/descriptor_passing.h>

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hawser::detail {

// Descriptors and files, which leave between bytes.

void StreamConnection::sendFileDescriptor(int descriptor) {
  if (getPeer().family() != Address::Family::local)
    return Transport::sendFileDescriptor(descriptor);
  if (!writable()) return;
  FileDescriptor duplicate(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!duplicate) throw std::system_error(errno, std::generic_category(), "sendFileDescriptor");
  queueWritten();
  Outgoing& sending = outgoing();
  sending.cut(queue_);
  if (sending.descriptors().size() == mostDescriptors)
    throw std::length_error("sendFileDescriptor: 253 descriptors wait for a byte to go with");
  sending.descriptors().push_back(std::move(duplicate));
  if (!is_.sending) askForTurnEnd();
}

Deferred<std::uint64_t> StreamConnection::sendFile(FileDescriptor file, std::uint64_t offset,
                                                   std::optional<std::uint64_t> count) {
  if (!writable()) return Failure(ConnectionLost(where(), "it is closed, and no file can be sent"));
  auto sending = std::make_shared<FileSending>();
  std::weak_ptr<Transport> shared;
  try {
    shared = weak_from_this();
    const std::uint64_t size = sizeFrom(file, offset);
    sending->left = count.value_or(size);
  } catch (...) {
    return Failure::current();
  }
  sending->file = std::move(file);
  sending->offset = offset;
  auto [result, resolver] =
      makeDeferred<std::uint64_t>([weak = std::move(shared), file = std::weak_ptr(sending)] {
        const auto self = std::static_pointer_cast<StreamConnection>(weak.lock());
        const auto found = file.lock();
        if (self && found) self->cancelFile(*found);
      });
  sending->resolver = std::move(resolver);
  queueWritten();
  outgoing().cut(queue_);
  outgoing().add(std::move(sending));
  if (!is_.sending) askForTurnEnd();
  return std::move(result);
}

void StreamConnection::cancelFile(FileSending& sending) {
  sending.resolver = {};
  if (!channel_ || !outgoing().cancel(sending, *channel_)) return;
  is_.sending = false;
  askForTurnEnd();
}

bool StreamConnection::flushOutgoing() {
  while (channel_) {
    Outgoing& outgoing = *extras_->outgoing;
    Outgoing::Progress progress{};
    try {
      progress = outgoing.flush(*channel_, queue_, *this);
    } catch (const std::bad_alloc&) {
      // What comes next is lost: the peer must not take what follows for it.
      fail(std::make_error_code(std::errc::not_enough_memory));
      return false;
    }
    switch (progress) {
      case Outgoing::Progress::done:
        return true;
      case Outgoing::Progress::waiting:
        is_.sending = true;
        return false;
      case Outgoing::Progress::fileEnded: {
        const HandlerScope scope;
        Outgoing::Ended ended = outgoing.takeEnded();
        if (ended.file->resolver) ended.file->resolver.fire(std::move(ended.result));
      }
    }
  }
  return false;
}

Outgoing& StreamConnection::outgoing() {
  if (!extras().outgoing) extras_->outgoing = std::make_unique<Outgoing>();
  return *extras_->outgoing;
}

}  // namespace hawser::detail
