// The other end of every measurement: connects to an echo server, and checks each byte that comes
// back.
//
//   reactor-load PORT MODE [--OPTION VALUE]...
//
// MODE is echo, churn, idle or soak (modes.h); the options are the members of Options:
// --connections, --bytes, --seconds, --warm-up, --echoes, --server PID.

#include "modes.h"
#include "traffic.h"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace load;

bool set(Options& options, std::string_view name, const char* value) {
  if (name == "--connections")
    options.connections = std::strtoull(value, nullptr, 10);
  else if (name == "--bytes")
    options.bytes = std::strtoull(value, nullptr, 10);
  else if (name == "--seconds")
    options.seconds = std::strtod(value, nullptr);
  else if (name == "--warm-up")
    options.warmUp = std::strtod(value, nullptr);
  else if (name == "--echoes")
    options.echoes = std::strtoull(value, nullptr, 10);
  else if (name == "--server")
    options.server = std::atoi(value);
  else
    return false;
  return true;
}

struct Mode {
  std::string_view name;
  void (*run)(const Options&);
};
constexpr Mode modes[] = {{"echo", echo}, {"churn", churn}, {"idle", idle}, {"soak", soak}};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (argc >= 3) options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  bool understood = argc >= 3 && argc % 2 == 1 && options.port != 0;
  for (int i = 3; understood && i < argc; i += 2) understood = set(options, argv[i], argv[i + 1]);

  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);

  for (const Mode& mode : modes)
    if (understood && mode.name == argv[2]) {
      mode.run(options);
      return 0;
    }
  std::fprintf(stderr, "usage: reactor-load PORT echo|churn|idle|soak [--OPTION VALUE]...\n");
  return 2;
}
