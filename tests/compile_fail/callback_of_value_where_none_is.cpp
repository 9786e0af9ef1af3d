// says: callback: a Resolver<void> is fired with nothing
#include <hawser/defer/deferred.h>

void use(hawser::Resolver<void> resolver) {
#ifdef FIXED
  resolver.callback();
#else
  resolver.callback(1);
#endif
}
