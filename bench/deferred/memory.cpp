// Bytes and allocations of what is pending, and the peak of a long loop, as JSON. Everything that a
// library allocates ends in malloc, which is replaced here by one that counts.

#include "operations.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);
}

namespace {

struct Heap {
  std::uint64_t blocks;
  std::uint64_t inUse;
  std::uint64_t peak;
};

// Some peers have threads of their own.
constinit Heap heap{};
constinit int busy = 0;

struct Guard {
  Guard() {
    while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
    }
  }
  ~Guard() { __atomic_store_n(&busy, 0, __ATOMIC_RELEASE); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
};

/// With the word that malloc keeps in front of each block.
std::uint64_t sizeOf(void* block) { return malloc_usable_size(block) + sizeof(std::size_t); }

void* counted(void* block) {
  if (!block) return nullptr;
  const Guard guard;
  ++heap.blocks;
  heap.inUse += sizeOf(block);
  if (heap.inUse > heap.peak) heap.peak = heap.inUse;
  return block;
}

void discount(void* block) {
  if (!block) return;
  const Guard guard;
  heap.inUse -= sizeOf(block);
}

}  // namespace

extern "C" {
void* malloc(std::size_t bytes) { return counted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) { return counted(__libc_calloc(count, bytes)); }
void* memalign(std::size_t alignment, std::size_t bytes) {
  return counted(__libc_memalign(alignment, bytes));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return counted(__libc_memalign(alignment, bytes));
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  *block = counted(__libc_memalign(alignment, bytes));
  return *block ? 0 : 12;
}
void* realloc(void* block, std::size_t bytes) {
  discount(block);
  return counted(__libc_realloc(block, bytes));
}
void free(void* block) {
  discount(block);
  __libc_free(block);
}
}

namespace {

using namespace bench;

constexpr std::size_t held = 500;

Heap marks[2];
int marked = 0;

void mark() { marks[marked++] = heap; }

void printHeld(const char* when, const Peer& peer) {
  marked = 0;
  peer.hold(held, mark);
  const double count = held;
  std::printf(R"("%s": {"blocks": %.2f, "bytes": %.1f}, )", when,
              static_cast<double>(marks[1].blocks - marks[0].blocks) / count,
              static_cast<double>(marks[1].inUse - marks[0].inUse) / count);
}

void printPeak(Repeat loop) {
  const Heap before = heap;
  heap.peak = heap.inUse;
  loop(loopSteps);
  std::printf(R"("peak": %llu, "blocks": %llu)",
              static_cast<unsigned long long>(heap.peak - before.inUse),
              static_cast<unsigned long long>(heap.blocks - before.blocks));
}

void print(std::string_view kind, const Peer& peer) {
  if (peer.enter) peer.enter();
  std::printf(R"( "%s": {)", peer.name);
  if (kind == "hold") {
    printHeld("cold", peer);
    printHeld("warm", peer);
    std::printf(R"("handles": %zu)", peer.handles);
  } else {
    printPeak(kind == "loop" ? peer.loop : peer.loopAwait);
  }
  std::printf("}");
  if (peer.leave) peer.leave();
}

/// In a process of its own, so that every pool is cold when it begins.
bool printApart(std::string_view kind, const Peer& peer) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    print(kind, peer);
    std::exit(0);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 2 ? argv[1] : "";
  if (kind != "hold" && kind != "loop" && kind != "loop_await") {
    std::fprintf(stderr, "usage: %s hold|loop|loop_await\n", argv[0]);
    return 2;
  }
  std::printf("{");
  const char* separator = "\n";
  for (const Entry* entry = Entry::first; entry; entry = entry->next) {
    const Peer& peer = entry->peer;
    if (kind == "hold" ? !peer.hold : !(kind == "loop" ? peer.loop : peer.loopAwait)) continue;
    std::printf("%s", separator);
    separator = ",\n";
    if (!printApart(kind, peer)) {
      std::fprintf(stderr, "%s did not come to its end\n", peer.name);
      return 1;
    }
  }
  std::printf("\n}\n");
}
