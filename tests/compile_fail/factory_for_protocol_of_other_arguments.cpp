// says: forProtocol: the protocol cannot be made from const references to these arguments
#include <hawser/net/factory.h>

struct Greeter : hawser::Protocol {
  explicit Greeter(int) {}
  void dataReceived(std::string_view) override {}
};

void make() {
#ifdef FIXED
  auto factory = hawser::Factory::forProtocol<Greeter>(1);
#else
  auto factory = hawser::Factory::forProtocol<Greeter>("hello");
#endif
  static_cast<void>(factory);
}
