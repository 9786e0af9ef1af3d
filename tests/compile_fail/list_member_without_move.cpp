// says: a Deferred cannot be copied; write std::move(deferred), as in return
// std::move(deferred).addCallback(...)
#include <hawser/defer/gather.h>

void use(hawser::Deferred<int> a, hawser::Deferred<int> b) {
#ifdef FIXED
  static_cast<void>(hawser::gather(std::move(a), std::move(b)));
#else
  static_cast<void>(hawser::gather(std::move(a), b));
#endif
}
