#include <poetry/act_many_servers.h>
#include <poetry/act_proxy.h>
#include <poetry/demo.h>
#include <poetry/output.h>
#include <poetry/poem_file.h>
#include <poetry/transform_server.h>

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace poetry {

using namespace hawser;
using namespace std::chrono_literals;

namespace {

std::vector<Poem> poemsOf(const DemoOptions& options) {
  if (options.files.empty()) return ownPoems();
  std::vector<Poem> poems;
  for (const std::string& file : options.files)
    poems.push_back({std::filesystem::path(file).stem().string(), readPoemFile(file)});
  return poems;
}

}  // namespace

Deferred<int> demo(Reactor& reactor, DemoOptions options) {
  const std::vector<Poem> poems = poemsOf(options);
  Stage stage{reactor, reactor.now(), startDemoServers(reactor, poems),
              listenOnLoopback(reactor, transformServerFactory(reactor, 60s))};
  tell(
      "Poems over the network: a story in two acts.\n"
      "Everything in it, servers and clients, is one process with one thread.\n\n");
  const bool first = co_await actManyServers(stage);
  const bool second = co_await actProxy(stage);
  if (!first || !second) throw std::runtime_error("not everything went as it should have");
  writeOut(
      fmt::format("The end, after {:.1f} s. Each of these programs can be had on its own: see\n"
                  "poetry --help.\n",
                  stage.secondsSince(stage.began)));
  co_return 0;
}

}  // namespace poetry
