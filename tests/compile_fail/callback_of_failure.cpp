// says: fire with errback(failure), not callback(failure)
#include <hawser/defer/deferred.h>

void use(hawser::Resolver<int> resolver, hawser::Failure why) {
#ifdef FIXED
  resolver.errback(why);
#else
  resolver.callback(why);
#endif
}
