// says: addErrback: an errback takes a Failure or a const E&
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  std::move(deferred).addErrback([](const hawser::Failure&, int more = 0) { return more; });
#else
  std::move(deferred).addErrback([](int value, int more) { return value + more; });
#endif
}
