#pragma once

#include <hawser/reactor/file_descriptor.h>
#include <hawser/reactor/send_queue.h>

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace hawser::detail {

/// What a connection sends besides plain bytes, in its place between them.
///
/// The connection writes to one queue as ever. When something else is to follow, that queue is cut
/// off and becomes a segment here; segments leave before the queue does.
class Outgoing {
 public:
  /// Bytes, and the descriptors that go with the first of them.
  struct Segment {
    std::vector<FileDescriptor> descriptors;
    SendQueue bytes;
  };

  /// From here on what is in `queue` is fixed.
  void cut(SendQueue& queue) {
    if (queue.empty()) return;
    bytes_ += queue.size();
    segments_.push_back({std::move(descriptors_), std::move(queue)});
    descriptors_.clear();
  }
  /// To go with the first byte that is written after the last cut.
  std::vector<FileDescriptor>& descriptors() noexcept { return descriptors_; }

  bool empty() const noexcept { return segments_.empty(); }
  std::size_t bytes() const noexcept { return bytes_; }
  Segment takeFirst() {
    Segment first = std::move(segments_.front());
    segments_.pop_front();
    bytes_ -= first.bytes.size();
    return first;
  }

 private:
  std::deque<Segment> segments_;
  std::vector<FileDescriptor> descriptors_;
  std::size_t bytes_ = 0;
};

}  // namespace hawser::detail
