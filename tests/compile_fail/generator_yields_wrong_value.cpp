// says: co_yield: the value does not fit the generator's type
#include <hawser/defer/async_generator.h>

hawser::AsyncGenerator<int> numbers() {
#ifdef FIXED
  co_yield 1;
#else
  co_yield "one";
#endif
}
