#include <hawser/reactor/detail/call_memory.h>

namespace hawser::detail {

namespace {

enum class ThreadState : unsigned char { unused, used, ended };
constinit thread_local ThreadState threadState = ThreadState::unused;

}  // namespace

constinit thread_local CallChunk::Open CallChunk::open = {};

/// Exists once a thread has made a call; what it asks for after that, while it ends, gets blocks of
/// its own.
struct CallChunk::AtThreadEnd {
  AtThreadEnd() noexcept { threadState = ThreadState::used; }
  AtThreadEnd(const AtThreadEnd&) = delete;
  AtThreadEnd& operator=(const AtThreadEnd&) = delete;
  ~AtThreadEnd() {
    threadState = ThreadState::ended;
    closeOpen();
  }
};

void* CallChunk::allocateInNext(std::size_t size, std::size_t alignment, CallChunk*& chunk) {
  chunk = nullptr;
  // A call that takes much of a chunk would leave much of the one before it unused.
  if (!HAWSER_POOL || size > sizeof memory_ / 4 || threadState == ThreadState::ended)
    return ::operator new(size);
  auto* const next = new CallChunk;
  closeOpen();
  if (threadState == ThreadState::unused) static thread_local AtThreadEnd atThreadEnd;
  open = {next, next->memory_, sizeof next->memory_, 0};
  return allocate(size, alignment, chunk);
}

void CallChunk::closeOpen() noexcept {
  const Open closed = std::exchange(open, {});
  if (closed.chunk) closed.chunk->end(-closed.calls);
}

}  // namespace hawser::detail
