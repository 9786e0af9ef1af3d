// says: addErrback: an errback takes a Failure or a const E&
#include <hawser/defer/deferred.h>

#include <stdexcept>

void use(hawser::Deferred<int> deferred) {
#ifdef FIXED
  using Parameter = const std::runtime_error&;
#else
  using Parameter = std::runtime_error&;
#endif
  std::move(deferred).addErrback([](Parameter) { return 0; });
}
