// warns: a generator runs only when its next() is called
#include <hawser/defer/async_generator.h>

hawser::AsyncGenerator<int> numbers() { co_yield 1; }

void use() {
#ifdef FIXED
  const hawser::AsyncGenerator<int> kept = numbers();
#else
  numbers();
#endif
}
