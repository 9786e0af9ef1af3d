#pragma once

#include <hawser/base/failure.h>
#include <hawser/base/result.h>
#include <hawser/net/detail/file_sending.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/file_descriptor.h>
#include <hawser/reactor/send_queue.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace hawser::detail {

/// What a connection sends besides plain bytes, in its place between them: descriptors and files.
///
/// The connection writes to one queue as ever. When something else is to follow, that queue is cut
/// off and becomes a segment here; segments leave before the queue does. Nothing here calls user
/// code but `fail`.
class Outgoing {
 public:
  enum class Progress : std::uint8_t {
    done,       ///< nothing is left but what has been written since
    waiting,    ///< the channel has something, and tells the handler about it
    fileEnded,  ///< `takeEnded` says which, and how
  };
  struct Ended {
    std::shared_ptr<FileSending> file;
    Result<std::uint64_t> result;
  };

  /// From here on what is in `queue` is fixed.
  void cut(SendQueue& queue);
  /// To go with the first byte that is written after the last cut.
  std::vector<FileDescriptor>& descriptors() noexcept { return descriptors_; }
  /// To follow what has been cut.
  void add(std::shared_ptr<FileSending> file);
  /// How much was cut and has not been handed to the channel.
  std::size_t bytes() const noexcept { return bytes_; }

  /// Hands the channel what comes next.
  Progress flush(Channel& channel, SendQueue& queue, SendHandler& handler);
  Ended takeEnded() { return *std::exchange(ended_, std::nullopt); }
  /// What the channel told the handler.
  void sent(std::size_t bytes, std::size_t left) noexcept;
  /// Nobody waits for this file any more: no more of it is handed over.
  /// @returns whether the channel has been told to stop sending it
  bool cancel(FileSending& file, Channel& channel) noexcept;

  /// The connection is closed: closes what it has, and keeps who must be told.
  void close() noexcept;
  /// Tells them.
  void fail(const Failure& reason);

 private:
  /// Bytes, and the descriptors that go with the first of them; or a file.
  struct Segment {
    std::vector<FileDescriptor> descriptors;
    SendQueue bytes;
    std::shared_ptr<FileSending> file;
  };

  Progress sendFile(Channel& channel, SendHandler& handler);
  Progress end(Result<std::uint64_t> result);

  std::deque<Segment> segments_;
  std::vector<FileDescriptor> descriptors_;
  std::optional<Ended> ended_;
  std::size_t bytes_ = 0;
  bool fileUnderWay_ = false;  // the channel has some of the first segment, which is a file
  bool direct_ = false;        // and reads it itself
};

}  // namespace hawser::detail
