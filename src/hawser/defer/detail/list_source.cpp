#include <hawser/defer/detail/list_source.h>

#include <hawser/base/logging.h>

namespace hawser::detail {

void cancelSlots(ListSlot* slots, std::size_t count, std::source_location where,
                 std::source_location made) {
  for (std::size_t i = 0; i < count; ++i) {
    // NOLINTNEXTLINE(bugprone-pointer-arithmetic-on-polymorphic-object): all are of one size
    Node* const member = slots[i].inner;
    if (!member) continue;
    try {
      cancelChain(member, where);
    } catch (...) {
      logging::err(raisedByHandler(made, nullptr),
                   "the canceller of a member threw while its list was cancelled");
    }
  }
}

}  // namespace hawser::detail
