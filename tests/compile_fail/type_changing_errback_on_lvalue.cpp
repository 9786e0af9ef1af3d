// says: addErrback: what the errback returns does not fit the Deferred's type; write
// std::move(deferred).addErrback(...) if it returns nothing
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
  const auto ignore = [](const hawser::Failure&) {};
#ifdef FIXED
  hawser::Deferred<void> done = std::move(deferred).addErrback(ignore);
#else
  deferred.addErrback(ignore);
#endif
}
