#include <hawser/defer/detail/abandonment.h>
#include <hawser/defer/detail/failing.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/defer/detail/listing.h>
#include <hawser/defer/errors.h>

#include <cstddef>
#include <exception>
#include <source_location>

namespace hawser::detail {

void dropResolver(Node* source) noexcept {
  checkThread(source, "destroyed", source->site);
  if (source->fired || source->references > 1) return releaseReference(source);
  source->set(abandoned);
  unlist(source);
  source->nextAbandoned = nullptr;
  if (runState.lastAbandoned)
    runState.lastAbandoned->nextAbandoned = source;
  else
    runState.firstAbandoned = source;
  runState.lastAbandoned = source;
  if (runState.depth == 0) deliverAbandoned();
}

std::exception_ptr whyAbandoned(std::source_location made) noexcept {
  try {
    return std::make_exception_ptr(AbandonedError(made));
  } catch (...) {
    return std::current_exception();
  }
}

namespace {

void abandonNow(Node* source) {
  const std::source_location made = source->site;
  source->fired = true;
  if (source->callable) source->dropCanceller();
  source->setFailure(Failure::at(SiteKind::made, made, whyAbandoned(made)));
  run(source);
}

}  // namespace

std::size_t deliverAbandoned() noexcept {
  const Unconcerned others;
  std::size_t count = 0;
  ++runState.depth;
  while (Node* source = runState.firstAbandoned) {
    runState.firstAbandoned = source->nextAbandoned;
    if (!runState.firstAbandoned) runState.lastAbandoned = nullptr;
    source->clear(abandoned);
    source->thread = &runState;
    if (!source->fired) {
      ++count;
      abandonNow(source);
    }
    releaseReference(source);
  }
  --runState.depth;
  return count;
}

}  // namespace hawser::detail
