// says: addTimeout: it uses the Deferred up; write std::move(deferred).addTimeout(...) and use what
// it returns
#include <hawser/base/clock.h>
#include <hawser/defer/timeout.h>

using namespace std::chrono_literals;

void use(hawser::Deferred<int> deferred, hawser::Clock& clock) {
#ifdef FIXED
  deferred = std::move(deferred).addTimeout(10s, clock);
#else
  deferred.addTimeout(10s, clock);
#endif
}
