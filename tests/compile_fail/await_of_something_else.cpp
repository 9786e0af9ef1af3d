// says: a coroutine that returns a Deferred can co_await only Deferreds
#include <hawser/defer/coroutine.h>

hawser::Deferred<int> wait() {
#ifdef FIXED
  co_return co_await hawser::succeed(1);
#else
  co_return co_await 1;
#endif
}
