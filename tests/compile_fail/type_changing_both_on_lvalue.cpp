// says: addBoth: this handler changes the type of the Deferred; write
// std::move(deferred).addBoth(...) and use what it returns
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
  const auto succeeded = [](hawser::Result<int> result) { return result ? 1.0 : 0.0; };
#ifdef FIXED
  hawser::Deferred<double> done = std::move(deferred).addBoth(succeeded);
#else
  deferred.addBoth(succeeded);
#endif
}
