#include <hawser/net/transport.h>

#include <stdexcept>

namespace hawser {

Transport::~Transport() = default;

void Transport::sendFileDescriptor(int) {
  throw std::logic_error("sendFileDescriptor: only UNIX connections carry descriptors");
}

void Transport::writeSequence(std::span<const std::string_view> pieces) {
  for (std::string_view piece : pieces) write(piece);
}

}  // namespace hawser
