// says: addErrback: what the errback returns does not fit the Deferred's type
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  std::move(deferred).addErrback([](const hawser::Failure&) { return 0; });
#else
  std::move(deferred).addErrback([](const hawser::Failure&) { return "none"; });
#endif
}
