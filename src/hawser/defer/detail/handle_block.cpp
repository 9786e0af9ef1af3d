#include <hawser/base/pool.h>
#include <hawser/defer/detail/handle_block.h>

#include <new>
#include <utility>

namespace hawser::detail {

HandleBlock* makeHandle(Node* tail) {
  tail->handles = ::new (poolAllocate(sizeof(HandleBlock))) HandleBlock{tail, tail->handles, 1};
  tail->set(handled);
  return tail->handles;
}

void releaseHandle(HandleBlock* block) noexcept {
  if (--block->references != 0) return;
  if (block->node) {
    HandleBlock** place = &block->node->handles;
    while (*place != block) place = &(*place)->next;
    *place = block->next;
    if (!block->node->handles) block->node->clear(handled);
  }
  poolFree(block, sizeof(HandleBlock));
}

void moveHandlesOf(Node* from, Node* to) noexcept {
  to->set(handled);
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
