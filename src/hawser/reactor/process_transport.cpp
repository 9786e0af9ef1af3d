#include <hawser/reactor/process_transport.h>

#include <hawser/reactor/detail/signal_names.h>

namespace hawser {

ProcessTransport::~ProcessTransport() = default;

void ProcessTransport::signalProcess(std::string_view name) {
  signalProcess(detail::signalNumber(name));
}

}  // namespace hawser
