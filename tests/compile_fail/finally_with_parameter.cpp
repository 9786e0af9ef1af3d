// says: addFinally: the handler takes nothing
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  std::move(deferred).addFinally([] {});
#else
  std::move(deferred).addFinally([](int) {});
#endif
}
