#pragma once

#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/descriptor_map.h>
#include <hawser/reactor/detail/readiness_channel.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hawser::detail {

/// What backends have in common whose kernel interface says only which descriptors are ready:
/// the channels, which try their operations themselves, and whose turn it is.
class ReadinessBackend : public Backend {
 public:
  /// One buffer for everything that is received: a connection that is silent costs no memory.
  static constexpr std::size_t readBufferBytes = 64 * 1024;
  /// How often one channel may try in one turn before the others get theirs.
  static constexpr int receivesPerTurn = 4;
  static constexpr int datagramsPerTurn = 64;
  static constexpr int acceptsPerTurn = 64;
  static constexpr int sendsPerTurn = 4;

  ChannelPtr open(int family, int type, int protocol) override;
  ChannelPtr adopt(FileDescriptor descriptor) override;
  TimePoint now() const noexcept override;

  /// Takes over a descriptor that does not block already.
  ChannelPtr add(FileDescriptor descriptor, ReadinessChannel::Kind kind);
  std::span<std::byte> readBuffer() noexcept { return {readBuffer_.get(), readBufferBytes}; }

  /// Lets `channel` work in the next `deliver`, and keeps the wait before that from waiting.
  void schedule(ReadinessChannel& channel) noexcept {
    if (channel.becomeDue()) scheduled_.push_back(&channel);  // `add` has made room
  }
  /// Reports this channel's readiness from now on, beginning with what it is ready for already.
  /// @returns the error number, or 0
  virtual int watch(ReadinessChannel& channel, std::uint64_t token) noexcept = 0;
  /// What its events are known by.
  std::uint64_t tokenOf(const ReadinessChannel& channel) const noexcept {
    return std::uint64_t{channel.generation()} << 32 |
           static_cast<std::uint32_t>(channel.descriptor());
  }
  /// The channel is about to close its descriptor.
  void forget(const ReadinessChannel& channel) noexcept { descriptors_.remove(channel); }
  /// The channel was closed by its owner: destroys it as soon as nobody works on it.
  void bury(ReadinessChannel& channel) noexcept;
  /// Has a channel more to do, so that nothing need be waited for?
  bool anyScheduled() const noexcept { return !scheduled_.empty(); }

 protected:
  ReadinessBackend();
  ~ReadinessBackend() override;

  /// A round of work. While one exists no channel is destroyed that somebody may work on.
  class Round {
   public:
    explicit Round(ReadinessBackend& backend) noexcept;
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;
    ~Round();

    /// Lets a channel work that the kernel says is ready; for `drain` see its `becomeReady`.
    void serve(ReadinessChannel& channel, bool readable, bool writable, bool drain) {
      channel.becomeReady(readable, writable, drain);
      channel.unschedule();
      channel.work();
    }
    /// Lets those work that were scheduled before this round and were not served in it.
    void serveScheduled();

   private:
    ReadinessBackend& backend_;
    std::size_t served_ = 0;  // of those in `serving_`
  };

  /// Calls `visit(channel)` for each that has a descriptor, by its number.
  template <class Visit>
  void forEachChannel(Visit visit) const {
    descriptors_.forEach([&](SocketChannel& channel) {
      if (channel.descriptor() >= 0) visit(static_cast<ReadinessChannel&>(channel));
    });
  }
  std::size_t channels() const noexcept { return channels_; }
  /// That of the channel which was made last.
  std::uint32_t lastGeneration() const noexcept { return lastGeneration_; }

  /// No channel has this token: none is of generation 0.
  static constexpr std::uint64_t noToken = 0;
  /// The channel that has this token, or null if it is closed: events may come late. For the tokens
  /// of channels, and `noToken`.
  ReadinessChannel* find(std::uint64_t token) const noexcept {
    ReadinessChannel* const channel = whoHas(static_cast<std::uint32_t>(token));
    return channel && channel->generation() == token >> 32 ? channel : nullptr;
  }

  /// Who has this descriptor, or null. For those of channels, and 0.
  ReadinessChannel* whoHas(std::size_t descriptor) const noexcept {
    return static_cast<ReadinessChannel*>(descriptors_[descriptor]);
  }

 private:
  void makeRoom();
  void destroy(ReadinessChannel& channel) noexcept;

  DescriptorMap descriptors_;
  std::uint32_t lastGeneration_ = 0;
  std::size_t channels_ = 0;  // that are not destroyed
  std::size_t room_ = 0;      // for so many
  // Each has room for all channels, in pages that are not touched before they are needed.
  std::vector<ReadinessChannel*> scheduled_;  // for the next round
  std::vector<ReadinessChannel*> serving_;    // in this one
  ReadinessChannel* buried_ = nullptr;        // the first
  std::unique_ptr<std::byte[]> readBuffer_;
  bool working_ = false;
};

}  // namespace hawser::detail
