#pragma once

#include <memory>
#include <source_location>
#include <utility>

namespace hawser::detail {

class EndedCalls;

/// What another thread has for a reactor: a call to be made there, or news. Has its place in the
/// queue in itself, so that queueing cannot fail.
class RemoteItem {
 public:
  RemoteItem(const RemoteItem&) = delete;
  RemoteItem& operator=(const RemoteItem&) = delete;

  /// On the reactor's thread, in the step of the calls of other threads. Lets go of itself; `ended`
  /// counts the calls whose memory is not needed any more.
  virtual void arrived(EndedCalls& ended) = 0;
  /// Instead of that, if the reactor ends first. On the reactor's thread or the sender's.
  virtual void dropped() noexcept = 0;

  /// For messages.
  const char* what() const noexcept { return what_; }
  std::source_location where() const noexcept { return where_; }

  static constexpr const char* threadsCall = "while handling a call from a thread";

 protected:
  constexpr RemoteItem(const char* what, std::source_location where) noexcept
      : what_(what), where_(where) {}
  ~RemoteItem() = default;

 private:
  friend class RemoteBatch;
  friend class RemoteCalls;
  RemoteItem* next_ = nullptr;
  const char* what_;
  std::source_location where_;
};

/// Something that another thread has for a reactor: a result, or a wish. Sending it takes no
/// memory, so it cannot fail for want of it.
class RemoteNews : public RemoteItem {
 public:
  explicit RemoteNews(
      std::source_location where,
      const char* what = "while handling the end of what a thread has done") noexcept
      : RemoteItem(what, where) {}
  virtual ~RemoteNews();

  /// On the reactor's thread, in the step of the calls of other threads.
  virtual void arrive() = 0;
  /// Instead of that, if the reactor ends first. On the reactor's thread or the sender's.
  virtual void lost() noexcept = 0;

 private:
  friend class RemoteCalls;
  void arrived(EndedCalls& ended) final;
  void dropped() noexcept final;

  std::shared_ptr<RemoteNews> self_;  // while it is under way
};

/// What was queued for a reactor at one moment, in the order of queueing. What is left in it is
/// dropped.
class RemoteBatch {
 public:
  RemoteBatch() noexcept = default;
  RemoteBatch(const RemoteBatch&) = delete;
  RemoteBatch& operator=(const RemoteBatch&) = delete;
  ~RemoteBatch() { drop(); }

  bool empty() const noexcept { return first_ == nullptr; }
  RemoteItem& pop() noexcept { return *std::exchange(first_, first_->next_); }
  void drop() noexcept {
    while (!empty()) pop().dropped();
  }

 private:
  friend class RemoteCalls;
  /// Takes over a stack, whose top was queued last.
  void fill(RemoteItem* last) noexcept {
    while (last) first_ = std::exchange(last, std::exchange(last->next_, first_));
  }

  RemoteItem* first_ = nullptr;
};

}  // namespace hawser::detail
