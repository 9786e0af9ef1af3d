#include <hawser/defer/detail/abandonment.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/defer/detail/wait_list.h>

#include <cstdint>

namespace hawser::detail {

namespace {

/// Python's usual limit of 1,000 frames lets Twisted reach 250 at most.
constexpr std::uint32_t deepest = 256;

struct Serving {
  std::uint32_t depth;
  // What was to be served too deep, in order.
  Node* first;
  Node* last;
};

constinit thread_local Serving serving __attribute__((tls_model("initial-exec"))) = {};

[[gnu::always_inline]] inline void start(Node* source) {
  Node* done;
  {
    const RunSitesScope nowhere(nullptr);
    done = source->take(nullptr);
  }
  // A function that `run` has called may have paused its own chain, which does not stop that run.
  if (done) run(done, done->isSource);
}

[[gnu::noinline]] void startFired(Node* source, std::source_location fired) {
  Node* done;
  {
    const RunSites sites{source->site, fired};
    const RunSitesScope here(&sites);
    done = source->take(nullptr);
  }
  if (!done) return;
  if (done->pauses != 0 && !done->isSource) [[unlikely]]
    run(done, false);
  else
    runFired(done, fired);
}

[[gnu::noinline]] void postpone(Node* source) noexcept {
  source->nextAbandoned = nullptr;
  if (serving.last)
    serving.last->nextAbandoned = source;
  else
    serving.first = source;
  serving.last = source;
}

[[gnu::noinline]] void startPostponed() {
  while (Node* source = serving.first) {
    serving.first = source->nextAbandoned;
    if (!serving.first) serving.last = nullptr;
    source->thread = &runState;
    start(source);
  }
}

}  // namespace

void abandon(WaitLink* waiting) noexcept {
  waiting->list->remove(waiting);
  waiting->node->references = 1;
  dropResolver(waiting->node);
}

void serve(Node* source, std::source_location fired) {
  prepareFiring(source, "served", fired);
  source->fired = true;
  if (serving.depth == deepest) return postpone(source);
  const HandlerScope scope;
  ++serving.depth;
  if (fired.line() == 0)
    start(source);
  else
    startFired(source, fired);
  if (serving.first) [[unlikely]]
    startPostponed();
  --serving.depth;
}

}  // namespace hawser::detail
