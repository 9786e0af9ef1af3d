// says: a Deferred cannot be copied; write std::move(deferred), as in return
// std::move(deferred).addCallback(...)
#include <hawser/defer/deferred.h>

hawser::Deferred<int> plusOne(hawser::Deferred<int> deferred) {
  const auto increment = [](int value) { return value + 1; };
#ifdef FIXED
  return std::move(deferred).addCallback(increment);
#else
  return deferred.addCallback(increment);
#endif
}
