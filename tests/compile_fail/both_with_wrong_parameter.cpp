// says: addBoth: a handler for both lanes takes a Result<T> or nothing
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  using Parameter = hawser::Result<int>;
#else
  using Parameter = int;
#endif
  std::move(deferred).addBoth([](Parameter) { return 0; });
}
