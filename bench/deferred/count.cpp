// Runs one operation of one peer so many times, for a tool that counts instructions.
//
//   deferred-count              lists peer/operation and how many items it consists of
//   deferred-count hawser/one 1000

#include "operations.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace bench;

void list() {
  for (const Entry* entry = Entry::first; entry; entry = entry->next)
    for (const Operation& operation : operations)
      if (entry->peer.*operation.repeat)
        std::printf("%s/%s %llu\n", entry->peer.name, operation.name,
                    static_cast<unsigned long long>(operation.items));
}

bool run(std::string_view which, std::uint64_t times) {
  for (const Entry* entry = Entry::first; entry; entry = entry->next) {
    const Peer& peer = entry->peer;
    for (const Operation& operation : operations) {
      if (!(peer.*operation.repeat) || which != std::string(peer.name) + '/' + operation.name)
        continue;
      if (peer.enter) peer.enter();
      (peer.*operation.repeat)(times);
      if (peer.leave) peer.leave();
      return true;
    }
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    list();
    return 0;
  }
  if (argc == 3 && run(argv[1], std::strtoull(argv[2], nullptr, 10))) return 0;
  std::fprintf(stderr, "usage: %s [PEER/OPERATION TIMES]\n", argv[0]);
  return 2;
}
