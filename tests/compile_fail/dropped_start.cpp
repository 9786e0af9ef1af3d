// warns: co_await it, add handlers to it, or keep it
#include <hawser/reactor/task.h>

hawser::Deferred<void> nap(hawser::Clock& clock) {
#ifdef FIXED
  co_await hawser::task::deferLater(clock, std::chrono::seconds(1));
#else
  hawser::task::deferLater(clock, std::chrono::seconds(1));
#endif
  co_return;
}
