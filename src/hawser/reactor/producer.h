#pragma once

namespace hawser {

/// Something that produces bytes for someone who can only take so many: a file being sent, or the
/// other half of a proxy. (Twisted's `IPushProducer` and `IPullProducer` in one.)
///
/// It is registered with `Transport::registerProducer`, or that of a process, which says when these
/// are called; always on the reactor's thread. A transport is a producer itself, of the bytes that
/// arrive: so two transports registered with each other make a proxy that holds little in memory
/// whatever the speeds of its two peers.
class Producer {
 public:
  virtual ~Producer() = default;

  /// The consumer's queue is long: produce no more until `resumeProducing`.
  virtual void pauseProducing() = 0;
  /// The consumer takes more. A pull producer writes one piece each time this is called.
  virtual void resumeProducing() = 0;
  /// The consumer is gone: produce nothing ever again.
  virtual void stopProducing() = 0;

 protected:
  Producer() = default;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;
};

}  // namespace hawser
