// says: addCallback: this callback changes the type of the Deferred; write
// std::move(deferred).addCallback(...) and use what it returns
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
  const auto half = [](int value) { return value / 2.0; };
#ifdef FIXED
  hawser::Deferred<double> halved = std::move(deferred).addCallback(half);
#else
  deferred.addCallback(half);
#endif
}
