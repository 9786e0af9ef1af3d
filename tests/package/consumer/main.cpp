#include <hawser/config.h>
#include <hawser/hawser.h>

#include <iostream>
#include <stdexcept>
#include <string>

int main() {
  auto [answer, resolver] = hawser::makeDeferred<int>();
  std::string said;
  auto done = std::move(answer)
                  .addCallback([](int value) -> int {
                    if (value != 42) throw std::runtime_error("not the answer");
                    return value;
                  })
                  .addCallback([&](int value) { said = "the answer is " + std::to_string(value); })
                  .addErrback([&](const hawser::Failure& why) { said = why.getErrorMessage(); });
  resolver.callback(42);
  std::cout << "hawser " << HAWSER_VERSION_STRING << ": " << said << "\n";
  return said == "the answer is 42" ? 0 : 1;
}
