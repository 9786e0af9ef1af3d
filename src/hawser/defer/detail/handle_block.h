#pragma once

#include <hawser/defer/detail/node.h>

#include <cstdint>

namespace hawser::detail {

/// One CancelHandle's (and its copies') view of a chain.
struct HandleBlock {
  Node* node;         // the chain's last node; null once the chain has delivered
  HandleBlock* next;  // others at the same node
  std::uint32_t references;
};
HandleBlock* makeHandle(Node* tail);
void releaseHandle(HandleBlock* block) noexcept;

}  // namespace hawser::detail
