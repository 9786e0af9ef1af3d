// says: a braced list cannot hold Deferreds, which are only moved; leave out the braces, as in
// gather(std::move(a), std::move(b))
#include <hawser/defer/race.h>

void use(hawser::Deferred<int> a, hawser::Deferred<int> b) {
#ifdef FIXED
  static_cast<void>(hawser::race(std::move(a), std::move(b)));
#else
  static_cast<void>(hawser::race({std::move(a), std::move(b)}));
#endif
}
