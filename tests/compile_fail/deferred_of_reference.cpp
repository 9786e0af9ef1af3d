// says: Deferred<T&>: a Deferred owns its value; use a pointer or std::reference_wrapper
// errors: 3 (g++)
#include <hawser/defer/deferred.h>

#ifdef FIXED
void use(hawser::Deferred<int*> deferred) { deferred.cancel(); }
#else
void use(hawser::Deferred<int&> deferred) { deferred.cancel(); }
#endif
