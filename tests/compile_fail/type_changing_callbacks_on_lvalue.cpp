// says: addCallbacks: this callback changes the type of the Deferred; write
// std::move(deferred).addCallbacks(...) and use what it returns
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
  const auto half = [](int value) { return value / 2.0; };
  const auto zero = [](const hawser::Failure&) { return 0.0; };
#ifdef FIXED
  hawser::Deferred<double> halved = std::move(deferred).addCallbacks(half, zero);
#else
  deferred.addCallbacks(half, zero);
#endif
}
