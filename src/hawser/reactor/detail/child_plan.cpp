#include <hawser/reactor/detail/child_plan.h>
#include <hawser/reactor/detail/child_start.h>
#include <hawser/reactor/process.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace hawser::detail {

namespace {

void refuseZeroBytes(const std::string& text) {
  if (text.find('\0') != std::string::npos)
    throw std::invalid_argument("spawnProcess: a zero byte in a string");
}

std::string_view pathOf(const std::optional<std::vector<std::string>>& environment) {
  constexpr std::string_view standard = "/usr/local/bin:/usr/bin:/bin";
  constexpr std::string_view name = "PATH=";
  if (!environment) {
    const char* const own = ::getenv("PATH");
    return own ? own : standard;
  }
  for (const std::string& variable : *environment)
    if (variable.starts_with(name)) return std::string_view(variable).substr(name.size());
  return standard;
}

std::vector<std::string> programsFor(const std::string& executable, std::string_view path) {
  if (executable.empty() || executable.find('/') != std::string::npos) return {executable};
  std::vector<std::string> programs;
  for (;;) {
    const std::size_t end = path.find(':');
    const std::string_view directory = path.substr(0, end);
    programs.push_back(directory.empty() ? executable
                                         : fmt::format("{}/{}", directory, executable));
    if (end == std::string_view::npos) return programs;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

void planChild(ChildStart& plan, std::string executable, std::vector<std::string> args,
               const ProcessOptions& options) {
  refuseZeroBytes(executable);
  refuseZeroBytes(options.path);
  std::ranges::for_each(args, refuseZeroBytes);
  if (options.env) std::ranges::for_each(*options.env, refuseZeroBytes);
  if (args.empty()) args.push_back(executable);
  plan.programs = programsFor(executable, pathOf(options.env));
  plan.executable = std::move(executable);
  plan.arguments = std::move(args);
  plan.environment = options.env;
  plan.directory = options.path;
  plan.uid = options.uid;
  plan.gid = options.gid;
}

}  // namespace hawser::detail
