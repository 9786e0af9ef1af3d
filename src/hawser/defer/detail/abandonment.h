#pragma once

#include <hawser/defer/detail/node.h>

#include <exception>
#include <source_location>

namespace hawser::detail {

/// A Resolver that points to `source` goes away. If it was the last one and has not fired, the
/// chain will fail with AbandonedError: now, or when the outermost HandlerScope of this thread
/// ends.
void dropResolver(Node* source) noexcept;

/// An AbandonedError for what was made there; a bad_alloc if there is no memory to say so.
std::exception_ptr whyAbandoned(std::source_location made) noexcept;

}  // namespace hawser::detail
