#include <hawser/net/port.h>

namespace hawser {

Port::~Port() = default;

}  // namespace hawser
