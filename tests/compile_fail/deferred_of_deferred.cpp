// says: Deferred<Deferred<U>>: a handler that returns a Deferred<U> gives a Deferred<U>
#include <hawser/defer/deferred.h>

#ifdef FIXED
void use(hawser::Deferred<int> deferred) { deferred.cancel(); }
#else
void use(hawser::Deferred<hawser::Deferred<int>> deferred) { deferred.cancel(); }
#endif
