// says: addCallbacks: a callback on a Deferred<T> takes T, T&&, const T& or nothing
#include <hawser/defer/deferred.h>

void use(hawser::Deferred<int> deferred) {
  const auto plusOne = [](int value) { return value + 1; };
#ifdef FIXED
  deferred.addCallbacks(plusOne, [](const hawser::Failure&) { return 0; });
#else
  deferred.addCallbacks([](const hawser::Failure&) { return 0; }, plusOne);
#endif
}
