// says: addErrback: what the errback returns does not fit the Deferred's type; write
// std::move(deferred).addErrback(...) if it returns nothing
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  deferred.addErrback([](const hawser::Failure&) { return 0; });
#else
  deferred.addErrback([](const hawser::Failure&) { return "none"; });
#endif
}
