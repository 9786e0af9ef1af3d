// says: errback: takes a Failure or an exception derived from std::exception; Failure::of(...)
// holds anything else
#include <hawser/defer/deferred.h>

void use(hawser::Resolver<int> resolver) {
#ifdef FIXED
  resolver.errback(hawser::Failure::of(404));
#else
  resolver.errback(404);
#endif
}
