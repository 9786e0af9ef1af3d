// says: addCallbacks: what the errback returns must fit the type the callback gives
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
  const auto half = [](int value) { return value / 2.0; };
#ifdef FIXED
  std::move(deferred).addCallbacks(half, [](const hawser::Failure&) { return 0; });
#else
  std::move(deferred).addCallbacks(half, [](const hawser::Failure&) { return "none"; });
#endif
}
