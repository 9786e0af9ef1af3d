// says: a canceller takes a Resolver<T>& or nothing
// errors: 2 (clang)
#include <hawser/defer/deferred.h>

void use() {
#ifdef FIXED
  auto pair = hawser::makeDeferred<int>([](hawser::Resolver<int>&) {});
#else
  auto pair = hawser::makeDeferred<int>([](hawser::Deferred<int>&) {});
#endif
}
