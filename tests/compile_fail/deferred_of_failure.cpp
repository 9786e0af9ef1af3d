// says: Deferred<Failure>: a failure travels in the errback lane of a Deferred<T>
#include <hawser/defer/deferred.h>

#ifdef FIXED
void use(hawser::Deferred<int> deferred) { deferred.cancel(); }
#else
void use(hawser::Deferred<hawser::Failure> deferred) { deferred.cancel(); }
#endif
