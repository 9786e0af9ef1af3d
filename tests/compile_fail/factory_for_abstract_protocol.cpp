// says: forProtocol: the protocol lacks an override, such as that of dataReceived
#include <hawser/net/factory.h>

struct Greeter : hawser::Protocol {
#ifdef FIXED
  void dataReceived(std::string_view) override {}
#endif
};

void make() { static_cast<void>(hawser::Factory::forProtocol<Greeter>()); }
