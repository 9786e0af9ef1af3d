// says: chainDeferred: it uses the Deferred up; write std::move(deferred).chainDeferred(...)
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred, hawser::Resolver<int> target) {
#ifdef FIXED
  std::move(deferred).chainDeferred(std::move(target));
#else
  deferred.chainDeferred(std::move(target));
#endif
}
