#include <hawser/reactor/detail/backend_choice.h>

#include <hawser/base/logging.h>
#include <hawser/reactor/errors.h>

#include <fmt/format.h>

namespace hawser::detail {

std::unique_ptr<Backend> makeFirstAvailable(std::span<const std::string_view> names) {
  for (; names.size() > 1; names = names.subspan(1)) {
    try {
      return makeBackend(names.front());
    } catch (const ReactorNotAvailable& refused) {
      logging::info(fmt::format("{}; using {}", refused.what(), names[1]));
    }
  }
  return makeBackend(names.front());
}

}  // namespace hawser::detail
