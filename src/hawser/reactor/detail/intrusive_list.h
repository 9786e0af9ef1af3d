#pragma once

#include <cstddef>

namespace hawser::detail {

/// A place in one IntrusiveList; leaves the list when it is destroyed.
class ListNode {
 public:
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  bool linked() const noexcept { return next_ != this; }
  void unlink() noexcept {
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = this;
  }

 protected:
  ListNode() noexcept = default;
  ~ListNode() { unlink(); }

 private:
  template <class T, class Node>
  friend class IntrusiveList;

  ListNode* next_ = this;
  ListNode* previous_ = this;
};

/// A list of objects that carry their links themselves: adding and removing allocate nothing, and
/// an object can leave without knowing its list. T derives from ListNode (and befriends the list
/// if it does so privately). One that can be in two lists has two nodes, of types that derive from
/// ListNode and tell them apart: `Node` is that of this list.
template <class T, class Node = ListNode>
class IntrusiveList {
 public:
  IntrusiveList() noexcept = default;
  IntrusiveList(IntrusiveList&& other) noexcept { take(other); }
  /// The objects that are still in it are unlinked, not destroyed.
  ~IntrusiveList() {
    while (!empty()) popFront();
  }

  bool empty() const noexcept { return !root_.linked(); }
  T& front() noexcept { return objectOf(*root_.next_); }

  void pushBack(T& object) noexcept {
    ListNode& node = static_cast<Node&>(object);
    node.previous_ = root_.previous_;
    node.next_ = &root_;
    root_.previous_->next_ = &node;
    root_.previous_ = &node;
  }
  T& popFront() noexcept {
    ListNode& node = *root_.next_;
    node.unlink();
    return objectOf(node);
  }
  /// How many there are of which `f(object)` is true.
  template <class F>
  std::size_t countIf(F f) {
    std::size_t count = 0;
    for (ListNode* node = root_.next_; node != &root_; node = node->next_)
      if (f(objectOf(*node))) ++count;
    return count;
  }
  /// Moves everything in `other` behind what is here.
  void take(IntrusiveList& other) noexcept {
    if (other.empty()) return;
    other.root_.next_->previous_ = root_.previous_;
    root_.previous_->next_ = other.root_.next_;
    other.root_.previous_->next_ = &root_;
    root_.previous_ = other.root_.previous_;
    other.root_.next_ = other.root_.previous_ = &other.root_;
  }

 private:
  static T& objectOf(ListNode& node) noexcept { return static_cast<T&>(static_cast<Node&>(node)); }

  struct Root : ListNode {};
  Root root_;
};

}  // namespace hawser::detail
