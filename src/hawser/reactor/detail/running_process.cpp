#include <hawser/base/logging.h>
#include <hawser/defer/detail/handler_scope.h>
#include <hawser/reactor/backend.h>
#include <hawser/reactor/detail/child_plan.h>
#include <hawser/reactor/detail/child_start.h>
#include <hawser/reactor/detail/handler_mark.h>
#include <hawser/reactor/detail/running_process.h>
#include <hawser/reactor/detail/terminal.h>
#include <hawser/reactor/process_errors.h>
#include <hawser/reactor/reactor.h>

#include <cxxabi.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hawser::detail {

namespace {

using namespace std::chrono_literals;

// How often to look for the end of a process whose pidfd cannot be watched.
constexpr auto lookAgainAfter = 50ms;

// SIGKILL takes effect at once, but for processes in the depths of a device.
constexpr auto killedWithin = 1000ms;

void refuseTwice(const std::vector<ChildFD>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (entries[i].childFD == entries[j].childFD)
        throw std::invalid_argument("spawnProcess: a descriptor of the child is named twice");
}

Failure leftRunning(int pid) noexcept {
  try {
    return Failure(ProcessLeftRunning(pid));
  } catch (...) {
    return Failure::current();
  }
}

}  // namespace

// Calls the protocol or a producer: user code, which may throw.
template <class Object, class Event>
void RunningProcess::notify(const char* name, const Object& object, Event event) {
  const HandlerScope scope;
  const HandlerMark mark(name, object);
  try {
    event();
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    const Failure thrown = Failure::current();
    try {
      logging::err(thrown, fmt::format("{} threw; closing the pipes of process {}", name, pid_));
    } catch (...) {
      logging::err(thrown, name);
    }
    closePipes();
  }
}

// Starting.

std::shared_ptr<RunningProcess> RunningProcess::spawn(Reactor& reactor,
                                                      std::shared_ptr<ProcessProtocol> protocol,
                                                      std::string executable,
                                                      std::vector<std::string> args,
                                                      const ProcessOptions& options) {
  reactor.checkThread("spawnProcess");
  if (reactor.ended()) throw ReactorNotRunning("spawnProcess: the reactor has ended");
  if (!protocol) throw std::invalid_argument("spawnProcess: there is no protocol");
  if (!options.usePTY) refuseTwice(options.childFDs);
  ChildStart plan;
  planChild(plan, std::move(executable), std::move(args), options);
  waitForLeftChildren();

  const auto process = std::make_shared<RunningProcess>(reactor, std::move(protocol));
  {
    std::vector<FileDescriptor> childEnds;
    try {
      if (options.usePTY) {
        process->addTerminal(plan, childEnds, options);
      } else {
        for (const ChildFD& entry : options.childFDs)
          process->addPipe(plan, childEnds, entry, options.limits);
      }
    } catch (const std::system_error& error) {
      throw ProcessStartError(options.usePTY ? "terminal for" : "pipes for", plan.executable,
                              error.code().value());
    }
    ChildStart::Started started = plan.start();
    process->pid_ = started.pid;
    try {
      process->watch(std::move(started.pidfd));
    } catch (const std::system_error& error) {
      throw ProcessStartError("watching", plan.executable, error.code().value());
    }
  }
  process->begin();
  return process;
}

RunningProcess::RunningProcess(Reactor& reactor, std::shared_ptr<ProcessProtocol> protocol) noexcept
    : reactor_(reactor), protocol_(std::move(protocol)) {}

RunningProcess::~RunningProcess() = default;

void RunningProcess::addPipe(ChildStart& plan, std::vector<FileDescriptor>& childEnds,
                             const ChildFD& entry, PipeLimits limits) {
  if (entry.use == ChildFD::Use::pass) return plan.give(entry.childFD, entry.descriptor);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  FileDescriptor toRead(ends[0]);
  FileDescriptor toWrite(ends[1]);
  const bool fromChild = entry.use == ChildFD::Use::read;
  plan.give(entry.childFD, fromChild ? toWrite.get() : toRead.get());
  childEnds.push_back(std::move(fromChild ? toWrite : toRead));
  Backend& backend = reactor_.backend();
  ChannelPtr channel =
      fromChild ? backend.adopt(std::move(toRead)) : backend.adoptWatched(std::move(toWrite));
  using Direction = ChildPipe::Direction;
  own(entry.childFD, fromChild ? Direction::fromChild : Direction::toChild, std::move(channel),
      limits);
}

void RunningProcess::addTerminal(ChildStart& plan, std::vector<FileDescriptor>& childEnds,
                                 const ProcessOptions& options) {
  Terminal terminal = Terminal::open();
  if (options.windowSize) detail::setWindowSize(terminal.ownEnd.get(), *options.windowSize);
  for (int number : {0, 1, 2}) plan.give(number, terminal.childEnd.get());
  plan.leadsSession = true;
  childEnds.push_back(std::move(terminal.childEnd));
  own(1, ChildPipe::Direction::terminal,
      reactor_.backend().adoptWatched(std::move(terminal.ownEnd)), options.limits);
}

void RunningProcess::own(int childFD, ChildPipe::Direction direction, ChannelPtr channel,
                         PipeLimits limits) {
  ChildPipeOwner& owner = *this;
  pipes_.push_back(
      std::make_unique<ChildPipe>(reactor_, owner, childFD, direction, std::move(channel), limits));
}

void RunningProcess::watch(FileDescriptor pidfd) {
  try {
    pidfd_ = reactor_.backend().adoptWatched(std::move(pidfd));
  } catch (...) {
    // Nobody has waited for it, so the number is still its own. One that became another user may
    // not be killed.
    if (::kill(pid_, SIGKILL) != 0) {
      leaveChild({}, pid_);
      throw;
    }
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw;
  }
}

void RunningProcess::begin() {
  self_ = std::static_pointer_cast<RunningProcess>(shared_from_this());
  reactor_.attach(*this);
  notify("connectionMade", *protocol_, [&] { protocol_->makeConnection(*this); });
  for (const auto& pipe : pipes_) pipe->start();
  pidfd_->receive(*this);
}

// What the protocol asks for.

std::optional<int> RunningProcess::pid() const noexcept {
  if (!pidfd_) return std::nullopt;
  return pid_;
}

ChildPipe* RunningProcess::find(int childFD, bool forWriting) const noexcept {
  for (const auto& pipe : pipes_) {
    if (pipe->isTerminal()) return childFD == (forWriting ? 0 : 1) ? pipe.get() : nullptr;
    if (pipe->childFD() == childFD && pipe->writable() == forWriting) return pipe.get();
  }
  return nullptr;
}

ChildPipe& RunningProcess::pipe(int childFD, bool forWriting, const char* function) const {
  if (ChildPipe* const found = find(childFD, forWriting)) return *found;
  throw std::invalid_argument(fmt::format("{}: there is no pipe {} descriptor {} of the process",
                                          function, forWriting ? "to" : "from", childFD));
}

void RunningProcess::writeToChild(int childFD, std::string_view bytes) {
  pipe(childFD, true, "writeToChild").write(bytes);
}

void RunningProcess::closeChildFD(int childFD) {
  if (!pipes_.empty() && pipes_.front()->isTerminal()) return;
  ChildPipe* const found = find(childFD, true);
  (found ? *found : pipe(childFD, false, "closeChildFD")).close();
}

void RunningProcess::closeIfPipe(int childFD) {
  for (const auto& pipe : pipes_)
    if (!pipe->isTerminal() && pipe->childFD() == childFD) pipe->close();
}

void RunningProcess::loseConnection() {
  for (const auto& pipe : pipes_)
    if (pipe->childFD() <= 2) pipe->close();
}

void RunningProcess::closePipes() noexcept {
  for (const auto& pipe : pipes_) pipe->abort();
}

void RunningProcess::setWindowSize(const WindowSize& size) {
  if (pipes_.empty() || !pipes_.front()->isTerminal())
    throw std::logic_error("setWindowSize: the process has no terminal of this program's");
  if (pipes_.front()->open()) detail::setWindowSize(pipes_.front()->descriptor(), size);
}

void RunningProcess::signalProcess(int signal) {
  if (signal < 0 || signal >= NSIG)
    throw std::invalid_argument(fmt::format("signalProcess: there is no signal {}", signal));
  const int error = pidfd_ ? sendSignal(pidfd_->descriptor(), pid_, signal) : ESRCH;
  if (error == ESRCH) throw ProcessExitedAlready();
  if (error != 0) throw std::system_error(error, std::generic_category(), "signalProcess");
}

void RunningProcess::pauseProducing() {
  for (const auto& pipe : pipes_) pipe->pause();
}

void RunningProcess::resumeProducing() {
  for (const auto& pipe : pipes_) pipe->resume();
}

void RunningProcess::pauseProducing(int childFD) { pipe(childFD, false, "pauseProducing").pause(); }

void RunningProcess::resumeProducing(int childFD) {
  pipe(childFD, false, "resumeProducing").resume();
}

std::size_t RunningProcess::queuedBytes(int childFD) const noexcept {
  const ChildPipe* const found = find(childFD, true);
  return found ? found->queuedBytes() : 0;
}

void RunningProcess::registerProducer(std::shared_ptr<Producer> producer, bool streaming,
                                      int childFD) {
  pipe(childFD, true, "registerProducer").registerProducer(std::move(producer), streaming);
}

void RunningProcess::unregisterProducer(int childFD) {
  pipe(childFD, true, "unregisterProducer").unregisterProducer();
}

// What comes from the pipes.

void RunningProcess::pipeReceived(ChildPipe& pipe, std::string_view bytes) {
  const auto self = shared_from_this();
  notify("childDataReceived", *protocol_,
         [&] { protocol_->childDataReceived(pipe.childFD(), bytes); });
}

void RunningProcess::pipeLost(ChildPipe& pipe) {
  const auto self = shared_from_this();
  if (!pipe.isTerminal())
    notify("childConnectionLost", *protocol_,
           [&] { protocol_->childConnectionLost(pipe.childFD()); });
  endIfOver();
}

void RunningProcess::tellProducer(const char* what, Producer& producer, void (Producer::*event)()) {
  const auto self = shared_from_this();
  notify(what, producer, [&] { (producer.*event)(); });
}

void RunningProcess::pipeBroke(ChildPipe& pipe, std::error_code error) noexcept {
  try {
    logging::warn(ProcessPipeError(pid_, pipe.childFD(), error.value()).what());
  } catch (...) {
    logging::warn("a pipe of a process broke");
  }
  noteBroken(pipe, error.value());
}

void RunningProcess::noteBroken(const ChildPipe& pipe, int error) noexcept {
  if (broken_) return;
  try {
    broken_ = Failure(ProcessPipeError(pid_, pipe.childFD(), error));
  } catch (...) {
    broken_ = Failure::current();
  }
}

void RunningProcess::pipeOverflowed(ChildPipe& pipe, std::size_t limit) noexcept {
  try {
    logging::warn(
        fmt::format("more than {} bytes waited for descriptor {} of process {}; it is closed",
                    limit, pipe.childFD(), pid_));
  } catch (...) {
    logging::warn("more waited for a process than may; its pipe is closed");
  }
}

// The end.

void RunningProcess::receiveEnded(std::error_code) { lookForEnd(); }

void RunningProcess::lookForEnd() {
  const ChildExit found = ChildExit::look(pidfd_->descriptor(), pid_);
  if (found.state == ChildExit::State::running) return lookAgain();
  const auto self = shared_from_this();
  pidfd_ = nullptr;
  exit_ = found.reason();
  notify("processExited", *protocol_, [&] { protocol_->processExited(exit_); });
  for (const auto& pipe : pipes_) pipe->childEnded();
  endIfOver();
}

void RunningProcess::lookAgain() {
  try {
    nextLook_ = reactor_.callLater(lookAgainAfter, [this] {
      if (pidfd_) lookForEnd();
    });
  } catch (...) {
    reactor_.afterTurn(*this);  // for which no memory is needed
  }
}

void RunningProcess::afterTurn() {
  if (pidfd_) lookForEnd();
}

void RunningProcess::endIfOver() {
  if (!protocol_ || !exit_) return;
  if (std::ranges::any_of(pipes_, [](const auto& pipe) { return pipe->alive(); })) return;
  // What ended well may have said more than could be heard.
  finish(Failure(broken_ && exit_.check<ProcessDone>() ? broken_ : exit_));
}

void RunningProcess::disconnect() {
  const auto self = shared_from_this();
  for (const auto& pipe : pipes_)
    if (pipe->unread() || pipe->unsent()) noteBroken(*pipe, ECANCELED);
  if (pidfd_) endForReactor();
  for (const auto& pipe : pipes_) pipe->disconnect();
  endIfOver();
  if (protocol_) finish(leftRunning(pid_));
}

void RunningProcess::endForReactor() {
  FileDescriptor pidfd(::fcntl(pidfd_->descriptor(), F_DUPFD_CLOEXEC, 0));
  const int looked = pidfd ? pidfd.get() : pidfd_->descriptor();
  if (endsWithReactor_) sendSignal(looked, pid_, SIGKILL);
  const ChildExit found = endsWithReactor_ ? ChildExit::await(looked, pid_, killedWithin)
                                           : ChildExit::look(looked, pid_);
  pidfd_ = nullptr;
  if (found.state == ChildExit::State::running) return leaveChild(std::move(pidfd), pid_);
  exit_ = found.reason();
  notify("processExited", *protocol_, [&] { protocol_->processExited(exit_); });
}

void RunningProcess::finish(const Failure& reason) {
  const auto self = std::exchange(self_, nullptr);
  Disconnectable::detach();
  if (nextLook_.active()) nextLook_.cancel();
  AfterTurn::withdraw();
  const auto protocol = std::exchange(protocol_, nullptr);
  notify("processEnded", *protocol, [&] { protocol->processEnded(reason); });
}

}  // namespace hawser::detail
