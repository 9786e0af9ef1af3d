#include <hawser/defer/async_generator.h>

#include <hawser/base/logging.h>
#include <hawser/defer/detail/failing.h>

namespace hawser {

GeneratorBusyError::GeneratorBusyError()
    : std::logic_error("AsyncGenerator::next(): the item that was asked for before has not come") {}
GeneratorBusyError::~GeneratorBusyError() = default;

void detail::cancelOrphan(Node* generator) noexcept {
  const Unconcerned others;
  const std::source_location where = generator->site;
  try {
    cancelChain(generator, where);
  } catch (...) {
    logging::err(raisedByHandler(where, nullptr),
                 "a canceller threw while the generator that awaited was destroyed");
  }
}

}  // namespace hawser
