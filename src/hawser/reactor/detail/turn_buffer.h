#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace hawser::detail {

/// A short message that waits for the end of the turn; its bytes stand behind it.
struct TurnMessage {
  void* writer;       // as its sender knows it; null: it was withdrawn
  TurnMessage* next;  // where the one behind it begins, or may begin
  std::size_t size;

  char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
};

/// Where short messages wait for the end of the turn in which they are written: one piece of memory
/// for all connections, used anew in each turn, so that a message costs no block of its own and no
/// place in a list, and sending them all is one walk through it.
///
/// There are two halves. What the end of a turn sends lies in one; what is written meanwhile, and
/// in the next turn, lies in the other.
class TurnBuffer {
 public:
  static constexpr std::size_t halfBytes = 64 * 1024;
  /// No message is longer when it is added, or grows by more at a time.
  static constexpr std::size_t mostBytes = 2 * 1024;
  /// Sends the messages from `first` up to `end`, those that were not withdrawn. It does not throw.
  using Sender = void (*)(TurnMessage* first, const TurnMessage* end);
  /// Tells a writer that its message is gone with the buffer.
  using Dropper = void (*)(void* writer);

  TurnBuffer() : memory_(std::make_unique_for_overwrite<char[]>(secondHalf + halfBytes)) {
    begin(0);
  }
  TurnBuffer(const TurnBuffer&) = delete;
  TurnBuffer& operator=(const TurnBuffer&) = delete;
  ~TurnBuffer() {
    for (TurnMessage* each = first(); each != end(); each = each->next)
      if (each->writer) dropper_(each->writer);
  }

  /// Who adds messages says who sends and drops them; all of them say the same.
  void sentBy(Sender sender, Dropper dropper) noexcept {
    sender_ = sender;
    dropper_ = dropper;
  }

  bool empty() const noexcept { return free_ == first_; }
  /// No room for one more?
  bool full() const noexcept { return free_ > last_; }
  /// Adds one, for the writer to fill; it lies here until the end of this turn is over. For when
  /// there is room.
  TurnMessage* add(void* writer, std::size_t bytes) noexcept {
    char* const place = free_;
    free_ = place + occupied(bytes);
    return ::new (place) TurnMessage{writer, reinterpret_cast<TurnMessage*>(free_), bytes};
  }
  /// Lengthens a message. False if another follows it, or there is no room.
  bool extend(TurnMessage& message, std::string_view bytes) noexcept {
    if (reinterpret_cast<char*>(message.next) != free_ || full() || bytes.size() > mostBytes)
      return false;
    std::memcpy(message.bytes() + message.size, bytes.data(), bytes.size());
    message.size += bytes.size();
    free_ = reinterpret_cast<char*>(&message) + occupied(message.size);
    message.next = reinterpret_cast<TurnMessage*>(free_);
    return true;
  }

  /// The end of the turn: sends what is here.
  void send() {
    if (empty()) return;
    TurnMessage* const first = this->first();
    const TurnMessage* const end = this->end();
    begin(first_ == memory_.get() ? secondHalf : 0);
    sender_(first, end);
  }

 private:
  // The halves do not touch: the end of a full one is no place of the other.
  static constexpr std::size_t secondHalf = halfBytes + alignof(TurnMessage);

  static constexpr std::size_t occupied(std::size_t bytes) noexcept {
    return (sizeof(TurnMessage) + bytes + alignof(TurnMessage) - 1) & ~(alignof(TurnMessage) - 1);
  }
  TurnMessage* first() const noexcept { return reinterpret_cast<TurnMessage*>(first_); }
  const TurnMessage* end() const noexcept { return reinterpret_cast<const TurnMessage*>(free_); }
  void begin(std::size_t place) noexcept {
    first_ = free_ = memory_.get() + place;
    last_ = first_ + halfBytes - occupied(mostBytes);
  }

  std::unique_ptr<char[]> memory_;
  char* first_ = nullptr;
  char* free_ = nullptr;
  char* last_ = nullptr;  // where a message may begin at the latest
  Sender sender_ = nullptr;
  Dropper dropper_ = nullptr;
};

}  // namespace hawser::detail
