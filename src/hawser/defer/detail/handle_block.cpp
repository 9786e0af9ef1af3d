#include <hawser/base/pool.h>
#include <hawser/defer/detail/handle_block.h>

#include <new>
#include <utility>

namespace hawser::detail {

namespace {

/// The place where handles hang is used for something else until then.
void becomeHandled(Node* node) noexcept {
  if (node->has(handled)) return;
  node->wasReturned = false;
  node->handles = nullptr;
  node->set(handled);
}

}  // namespace

HandleBlock* makeHandle(Node* tail) {
  void* const place = poolAllocate(sizeof(HandleBlock));
  becomeHandled(tail);
  return tail->handles = ::new (place) HandleBlock{tail, tail->handles, 1};
}

void releaseHandle(HandleBlock* block) noexcept {
  if (--block->references != 0) return;
  if (block->node) {
    HandleBlock** place = &block->node->handles;
    while (*place != block) place = &(*place)->next;
    *place = block->next;
  }
  poolFree(block, sizeof(HandleBlock));
}

void moveHandlesOf(Node* from, Node* to) noexcept {
  becomeHandled(to);
  HandleBlock** end = &to->handles;
  while (*end) end = &(*end)->next;
  *end = std::exchange(from->handles, nullptr);
  from->clear(handled);
  for (HandleBlock* block = *end; block; block = block->next) block->node = to;
}

void dropHandlesOf(Node* node) noexcept {
  node->clear(handled);
  for (HandleBlock* block = std::exchange(node->handles, nullptr); block;) {
    HandleBlock* next = block->next;
    block->node = nullptr;
    block->next = nullptr;
    block = next;
  }
}

}  // namespace hawser::detail
