// says: Deferred<Result<U>>: a Deferred<U> already is a value or a failure
#include <hawser/defer/deferred.h>

#ifdef FIXED
void use(hawser::Deferred<int> deferred) { deferred.cancel(); }
#else
void use(hawser::Deferred<hawser::Result<int>> deferred) { deferred.cancel(); }
#endif
