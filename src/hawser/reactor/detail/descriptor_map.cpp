#include <hawser/reactor/detail/descriptor_map.h>

#include <hawser/base/logging.h>

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace hawser::detail {

void DescriptorMap::expect(int descriptor) {
  const auto place = static_cast<std::size_t>(descriptor);
  if (place >= channels_.size()) channels_.resize(place + 1);
  if (!channels_[place]) return;
  robbed_.push_back(channels_[place]);
  SocketChannel* const robbed = std::exchange(channels_[place], nullptr);
  robbed->robbed();
  logging::error(fmt::format("descriptor {} was closed behind the reactor's back", descriptor));
}

void DescriptorMap::add(SocketChannel& channel) noexcept {
  channels_[static_cast<std::size_t>(channel.descriptor())] = &channel;
}

void DescriptorMap::remove(const SocketChannel& channel) noexcept {
  const int descriptor = channel.descriptor();
  if (descriptor >= 0)
    channels_[static_cast<std::size_t>(descriptor)] = nullptr;
  else
    std::erase(robbed_, &channel);
}

}  // namespace hawser::detail
