#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/detail/call_handler.h>

namespace hawser::detail {

[[gnu::cold]] void logHandlerFailure(const char* what, std::source_location where) noexcept {
  logging::err(Failure::current(), what, where);
}

[[gnu::cold]] void logCallFailure(const char* what, std::source_location where) noexcept {
  logging::err(Failure::currentIn(SiteKind::job, where, nullptr), what, where);
}

}  // namespace hawser::detail
