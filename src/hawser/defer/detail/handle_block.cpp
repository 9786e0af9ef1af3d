#include <hawser/base/pool.h>
#include <hawser/defer/detail/handle_block.h>

#include <new>
#include <utility>

namespace hawser::detail {

HandleBlock* makeHandle(Node* tail) {
  auto* block = ::new (poolAllocate(sizeof(HandleBlock))) HandleBlock{tail, tail->handles, 1};
  tail->handles = block;
  return block;
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

void moveHandles(Node* from, Node* to) noexcept {
  HandleBlock** end = &to->handles;
  while (*end) end = &(*end)->next;
  *end = std::exchange(from->handles, nullptr);
  for (HandleBlock* block = *end; block; block = block->next) block->node = to;
}

void dropHandles(Node* node) noexcept {
  for (HandleBlock* block = std::exchange(node->handles, nullptr); block;) {
    HandleBlock* next = block->next;
    block->node = nullptr;
    block->next = nullptr;
    block = next;
  }
}

}  // namespace hawser::detail
