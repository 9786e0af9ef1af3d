// says: Deferred<Failure>: a failure travels in the errback lane of a Deferred<T>
#include <hawser/defer/deferred.h>

void use(hawser::Failure why) {
#ifdef FIXED
  hawser::fail<int>(why).addErrback([](const hawser::Failure&) {});
#else
  hawser::succeed(why).addErrback([](const hawser::Failure&) {});
#endif
}
