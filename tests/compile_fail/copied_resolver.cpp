// says: a Resolver cannot be copied; write std::move(resolver)
#include <hawser/defer/deferred.h>

void share(hawser::Resolver<int> resolver) {
#ifdef FIXED
  hawser::Resolver<int> other = std::move(resolver);
#else
  hawser::Resolver<int> other = resolver;
#endif
}

static_assert(!std::is_copy_constructible_v<hawser::Resolver<int>>);
static_assert(!std::is_copy_assignable_v<hawser::Resolver<int>>);
