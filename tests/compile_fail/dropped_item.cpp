// warns: co_await it, add handlers to it, or keep it
#include <hawser/defer/async_generator.h>

hawser::Deferred<void> skip(hawser::AsyncGenerator<int> numbers) {
#ifdef FIXED
  co_await numbers.next();
#else
  numbers.next();
#endif
  co_return;
}
