// says: a Deferred cannot be copied; write std::move(deferred), as in return
// std::move(deferred).addCallback(...)
#include <hawser/defer/deferred.h>

void share(hawser::Deferred<int> deferred) {
#ifdef FIXED
  hawser::Deferred<int> other = std::move(deferred);
#else
  hawser::Deferred<int> other = deferred;
#endif
}

static_assert(!std::is_copy_constructible_v<hawser::Deferred<int>>);
static_assert(!std::is_copy_assignable_v<hawser::Deferred<int>>);
