#include <hawser/reactor/detail/signal_names.h>

#include <signal.h>

#include <cstring>
#include <stdexcept>
#include <string>

namespace hawser::detail {

int signalNumber(std::string_view name) {
  const std::string_view bare = name.starts_with("SIG") ? name.substr(3) : name;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* const known = ::sigabbrev_np(signal);
    if (known && bare == known) return signal;
  }
  throw std::invalid_argument("there is no signal named " + std::string(name));
}

}  // namespace hawser::detail
