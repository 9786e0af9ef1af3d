// says: AsyncGenerator<T>: T is a type of values; yield a pointer or a std::reference_wrapper for a
// reference, and something for void
// errors: 5 (g++)
#include <hawser/defer/async_generator.h>

#ifdef FIXED
void use(hawser::AsyncGenerator<int*> numbers) {
  numbers.next().addErrback([](const hawser::Failure&) {});
}
#else
void use(hawser::AsyncGenerator<int&> numbers) {
  numbers.next().addErrback([](const hawser::Failure&) {});
}
#endif
