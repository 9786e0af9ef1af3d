#include <hawser/reactor/detail/descriptor_map.h>

#include <hawser/base/logging.h>

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace hawser::detail {

void DescriptorMap::makeFree(std::size_t place) {
  if (place >= channels_.size()) channels_.resize(place + 1);
  if (!channels_[place]) return;
  robbed_.push_back(channels_[place]);
  SocketChannel* const robbed = std::exchange(channels_[place], nullptr);
  robbed->robbed();
  logging::error(fmt::format("descriptor {} was closed behind the reactor's back", place));
}

}  // namespace hawser::detail
