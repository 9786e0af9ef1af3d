#pragma once

#include <hawser/defer/detail/node.h>

namespace hawser::detail {

/// A Resolver that points to `source` goes away. If it was the last one and has not fired, the
/// chain will fail with AbandonedError: now, or when the outermost HandlerScope of this thread
/// ends.
void dropResolver(Node* source) noexcept;

}  // namespace hawser::detail
