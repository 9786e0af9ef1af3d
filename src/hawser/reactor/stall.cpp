#include <hawser/reactor/stall.h>

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

namespace hawser {

namespace {

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return name ? name.get() : type.name();
}

}  // namespace

std::string Stall::handlerName() const {
  std::string name = what;
  if (object) name += " of " + readable(*object);
  if (where.line() != 0)
    name += fmt::format(", asked for at {}:{}", where.file_name(), where.line());
  return name;
}

std::string Stall::toString() const {
  const double seconds = std::chrono::duration<double>(lasted).count();
  switch (kind) {
    case Kind::handler:
      return fmt::format("A handler has held the reactor for {:.3g} s and has not returned: {}.",
                         seconds, handlerName());
    case Kind::turn:
      return fmt::format(
          "A turn of the reactor has lasted {:.3g} s and has not ended; many handlers have been "
          "called in it, at present: {}.",
          seconds, handlerName());
    case Kind::over:
      break;
  }
  return fmt::format("The reactor goes on after {:.3g} s; what held it was: {}.", seconds,
                     handlerName());
}

}  // namespace hawser
