// says: co_await takes the Deferred over: write co_await std::move(deferred)
#include <hawser/defer/coroutine.h>

hawser::Deferred<int> wait(hawser::Deferred<int> deferred) {
#ifdef FIXED
  co_return co_await std::move(deferred);
#else
  co_return co_await deferred;
#endif
}
