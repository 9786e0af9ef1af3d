#include <hawser/net/transport.h>

namespace hawser {

Transport::~Transport() = default;

void Transport::writeSequence(std::span<const std::string_view> pieces) {
  for (std::string_view piece : pieces) write(piece);
}

}  // namespace hawser
