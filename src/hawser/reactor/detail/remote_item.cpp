#include <hawser/reactor/detail/remote_item.h>

namespace hawser::detail {

RemoteNews::~RemoteNews() = default;

void RemoteNews::arrived(EndedCalls&) {
  const std::shared_ptr<RemoteNews> keep = std::move(self_);
  arrive();
}

void RemoteNews::dropped() noexcept {
  const std::shared_ptr<RemoteNews> keep = std::move(self_);
  lost();
}

}  // namespace hawser::detail
