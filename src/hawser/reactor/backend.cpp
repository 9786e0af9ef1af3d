#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/backend_choice.h>
#include <hawser/reactor/epoll_backend.h>
#include <hawser/reactor/errors.h>
#include <hawser/reactor/poll_backend.h>
#include <hawser/reactor/uring_backend.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>

namespace hawser {

namespace {

template <class B>
std::unique_ptr<Backend> make() {
  return std::make_unique<B>();
}

struct Entry {
  std::string_view name;
  std::unique_ptr<Backend> (*make)();
};
constexpr std::array entries{
    Entry{"epoll", &make<EpollBackend>},
    Entry{"poll", &make<PollBackend>},
    Entry{"io_uring", &make<UringBackend>},
};

constexpr auto names = [] {
  std::array<std::string_view, entries.size()> result{};
  for (std::size_t i = 0; i < entries.size(); ++i) result[i] = entries[i].name;
  return result;
}();

// What nobody chose, by preference: the first measures fastest.
constexpr std::array<std::string_view, 1> preferred{"epoll"};

constexpr const char* variable = "HAWSER_REACTOR";

}  // namespace

ChannelPtr Backend::adoptWatched(FileDescriptor descriptor) { return adopt(std::move(descriptor)); }

std::span<const std::string_view> backendNames() noexcept { return names; }

std::unique_ptr<Backend> makeBackend(std::string_view name) {
  for (const Entry& entry : entries)
    if (entry.name == name) return entry.make();
  throw NoSuchReactor(
      fmt::format("there is no reactor \"{}\"; there are: {}", name, fmt::join(names, ", ")));
}

std::unique_ptr<Backend> makeDefaultBackend() {
  const char* const chosen = std::getenv(variable);
  if (!chosen || *chosen == '\0') return detail::makeFirstAvailable(preferred);
  try {
    return makeBackend(chosen);
  } catch (const NoSuchReactor& error) {
    throw NoSuchReactor(fmt::format("{}: {}", variable, error.what()));
  } catch (const ReactorNotAvailable& error) {
    throw ReactorNotAvailable(fmt::format("{}: {}", variable, error.what()));
  }
}

}  // namespace hawser
