// says: addCallback: a callback on a Deferred<T> takes T, T&&, const T& or nothing
#include <hawser/defer/deferred.h>

#include <string>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  using Parameter = int;
#else
  using Parameter = std::string;
#endif
  deferred.addCallback([](Parameter) { return 1; });
}
