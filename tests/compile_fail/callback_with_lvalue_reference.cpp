// says: addCallback: a callback on a Deferred<T> takes T, T&&, const T& or nothing
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  using Parameter = const int&;
#else
  using Parameter = int&;
#endif
  std::move(deferred).addCallback([](Parameter value) { return value; });
}
