// says: asResult: it uses the Deferred up; write co_await std::move(deferred).asResult()
#include <hawser/defer/coroutine.h>

hawser::Deferred<bool> wait(hawser::Deferred<int> deferred) {
#ifdef FIXED
  hawser::Result<int> result = co_await std::move(deferred).asResult();
#else
  hawser::Result<int> result = co_await deferred.asResult();
#endif
  co_return static_cast<bool>(result);
}
