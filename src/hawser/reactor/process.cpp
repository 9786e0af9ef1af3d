#include <hawser/reactor/detail/running_process.h>
#include <hawser/reactor/process.h>

#include <stdexcept>
#include <utility>

namespace hawser {

namespace {

void refuseNegative(int number) {
  if (number < 0) throw std::invalid_argument("ChildFD: a descriptor is not negative");
}

}  // namespace

ChildFD::ChildFD(int number, std::string_view word)
    : childFD(number), use(word == "r" ? Use::read : Use::write) {
  if (word != "r" && word != "w") throw std::invalid_argument("ChildFD: neither \"r\" nor \"w\"");
  refuseNegative(childFD);
}

ChildFD::ChildFD(int number, int passed) : childFD(number), use(Use::pass), descriptor(passed) {
  refuseNegative(childFD);
  refuseNegative(descriptor);
}

std::shared_ptr<ProcessTransport> spawnProcess(Reactor& reactor,
                                               std::shared_ptr<ProcessProtocol> protocol,
                                               std::string executable,
                                               std::vector<std::string> args,
                                               ProcessOptions options) {
  return detail::RunningProcess::spawn(reactor, std::move(protocol), std::move(executable),
                                       std::move(args), options);
}

}  // namespace hawser
