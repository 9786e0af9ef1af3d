// An echo server in so many threads, which share a port (SO_REUSEPORT) and nothing else.
//
//   threads-echo hawser|limit THREADS
//
// The first line of output is `listening on tcp:127.0.0.1:PORT`, once all listen.

#include "server.h"

#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

sem_t listening;
std::uint16_t sharedPort;

void noteListening(std::uint16_t port) {
  sharedPort = port;
  ::sem_post(&listening);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc == 3 ? std::atoi(argv[2]) : 0;
  if (threads < 1) {
    std::fprintf(stderr, "usage: threads-echo hawser|limit THREADS\n");
    return 2;
  }
  const echo::Serve serve =
      std::string_view(argv[1]) == "hawser" ? echo::serveByHawser : echo::serveByHand;
  ::sem_init(&listening, 0, 0);
  // One after the other: the first finds the port for all.
  for (int i = 0; i < threads; ++i) {
    std::thread(serve, sharedPort, noteListening).detach();
    ::sem_wait(&listening);
  }
  std::printf("listening on tcp:127.0.0.1:%u\n", sharedPort);
  std::fflush(stdout);
  for (;;) ::pause();
}
