#include <hawser/net/connector.h>

namespace hawser {

Connector::~Connector() = default;

}  // namespace hawser
