// says: addTimeout: the first argument is a duration, as in addTimeout(10s, clock)
#include <hawser/base/clock.h>
#include <hawser/defer/timeout.h>

using namespace std::chrono_literals;

void use(hawser::Deferred<int> deferred, hawser::Clock& clock) {
#ifdef FIXED
  std::move(deferred).addTimeout(10s, clock);
#else
  std::move(deferred).addTimeout(10, clock);
#endif
}
