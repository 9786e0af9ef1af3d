// says: callback: a Resolver<T> is fired with one value that converts to T
#include <hawser/defer/deferred.h>

void use(hawser::Resolver<int> resolver) {
#ifdef FIXED
  resolver.callback(1);
#else
  resolver.callback("text");
#endif
}
