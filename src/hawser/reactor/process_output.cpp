#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/detail/running_process.h>
#include <hawser/reactor/process_output.h>
#include <hawser/reactor/reactor.h>

#include <signal.h>

#include <memory>
#include <utility>

namespace hawser {

namespace {

enum class Wanted : std::uint8_t { output, value, everything };

/// Collects what a process writes, and ends it when nobody wants that any more.
class Collector final : public ProcessProtocol {
 public:
  Collector(Reactor& reactor, Wanted wanted, const ProcessOutputOptions& options)
      : reactor_(reactor),
        wanted_(wanted),
        errortoo_(options.errortoo),
        maxBytes_(options.maxBytes),
        killAfter_(options.killAfter),
        stdinBytes_(options.stdinBytes) {}

  static Deferred<ProcessOutput> start(Reactor& reactor, Wanted wanted, std::string executable,
                                       std::vector<std::string> args,
                                       ProcessOutputOptions options) {
    const auto self = std::make_shared<Collector>(reactor, wanted, options);
    const std::weak_ptr<Collector> weak = self;
    auto [result, resolver] = makeDeferred<ProcessOutput>([weak] {
      if (const auto found = weak.lock()) found->cancelled();
    });
    self->resolver_ = std::move(resolver);
    auto whole =
        std::move(result).addErrback([weak](const CancelledError&) -> Deferred<ProcessOutput> {
          const auto found = weak.lock();
          if (!found) return Failure(CancelledError());
          return found->whenGone();
        });
    args.insert(args.begin(), executable);
    try {
      self->process_ = detail::RunningProcess::spawn(
          reactor, self, std::move(executable), std::move(args),
          {.env = std::move(options.env), .path = std::move(options.path)});
    } catch (...) {
      self->resolver_.errback(Failure::current());
      return whole;
    }
    self->process_->endWithReactor();
    if (self->verdict_) self->terminate();
    return whole;
  }

  void connectionMade() override {
    try {
      transport().write(std::exchange(stdinBytes_, {}));
      transport().closeStdin();
    } catch (...) {
      endEarly(Failure::current());  // what it makes of less is not what was wanted
    }
  }

  void outReceived(std::string_view bytes) override { keep(collected_.out, bytes); }

  void errReceived(std::string_view bytes) override {
    if (wanted_ == Wanted::output && !errortoo_) {
      if (!ending_) endEarly(Failure(ProcessErrorOutput(std::string(bytes.substr(0, 4096)))));
      return;
    }
    keep(wanted_ == Wanted::output ? collected_.out : collected_.err, bytes);
  }

  void processExited(const Failure& reason) override { exited_ = reason; }

  void processEnded(const Failure& reason) override {
    if (killTimer_.active()) killTimer_.cancel();
    Failure broken = process_ ? Failure(process_->broken()) : Failure::none();
    process_ = nullptr;
    if (gone_) std::exchange(gone_, {}).errback(CancelledError());
    if (!resolver_) return;
    Resolver<ProcessOutput> resolver = std::exchange(resolver_, {});
    if (verdict_) return resolver.errback(std::move(verdict_));
    const Failure& why = exited_ ? exited_ : reason;
    const auto* const terminated = why.get<ProcessTerminated>();
    const bool cut = broken && wanted_ != Wanted::value;
    if (why.check<ProcessDone>() && !cut) return resolver.callback(std::move(collected_));
    if (!terminated) return resolver.errback(cut ? std::move(broken) : Failure(why));
    if (terminated->signal())
      return resolver.errback(ProcessOutputCut(terminated->status(), std::move(collected_.out),
                                               std::move(collected_.err)));
    if (cut) return resolver.errback(std::move(broken));
    collected_.code = *terminated->exitCode();
    resolver.callback(std::move(collected_));
  }

 private:
  void keep(std::string& text, std::string_view bytes) {
    if (wanted_ == Wanted::value || ending_) return;
    if (bytes.size() > maxBytes_ - text.size())
      return endEarly(Failure(ProcessOutputTooLong(maxBytes_)));
    try {
      text += bytes;
    } catch (...) {
      endEarly(Failure::current());
    }
  }

  void endEarly(Failure verdict) {
    verdict_ = std::move(verdict);
    terminate();
  }

  void cancelled() {
    resolver_ = {};
    terminate();
  }

  void terminate() {
    if (!process_ || std::exchange(ending_, true)) return;
    process_->closePipes();
    kill(*process_, SIGTERM);
    try {
      killTimer_ =
          reactor_.callLater(killAfter_, [process = process_] { kill(*process, SIGKILL); });
    } catch (...) {
      kill(*process_, SIGKILL);  // nobody would do it later
    }
  }

  // One that became another user may not be sent a signal; it finds its pipes closed.
  static void kill(detail::RunningProcess& process, int signal) noexcept {
    try {
      process.signalProcess(signal);
    } catch (const ProcessExitedAlready&) {
      return;
    } catch (...) {
      logging::err(Failure::current(), "a process that nobody wants any more");
    }
  }

  Deferred<ProcessOutput> whenGone() {
    if (!process_) return Failure(CancelledError());
    auto [gone, resolver] = makeDeferred<ProcessOutput>([process = process_, this] {
      gone_ = {};
      kill(*process, SIGKILL);
    });
    gone_ = std::move(resolver);
    return std::move(gone);
  }

  Reactor& reactor_;
  std::shared_ptr<detail::RunningProcess> process_;  // until it has ended
  Resolver<ProcessOutput> resolver_;
  Resolver<ProcessOutput> gone_;  // of one that was cancelled
  Failure verdict_ = Failure::none();
  Failure exited_ = Failure::none();
  ProcessOutput collected_;
  DelayedCall killTimer_;
  Wanted wanted_;
  bool errortoo_;
  bool ending_ = false;
  std::size_t maxBytes_;
  std::chrono::nanoseconds killAfter_;
  std::string stdinBytes_;
};

}  // namespace

Deferred<std::string> getProcessOutput(Reactor& reactor, std::string executable,
                                       std::vector<std::string> args,
                                       ProcessOutputOptions options) {
  return Collector::start(reactor, Wanted::output, std::move(executable), std::move(args),
                          std::move(options))
      .addCallback([](ProcessOutput all) { return std::move(all.out); });
}

Deferred<int> getProcessValue(Reactor& reactor, std::string executable,
                              std::vector<std::string> args, ProcessOutputOptions options) {
  return Collector::start(reactor, Wanted::value, std::move(executable), std::move(args),
                          std::move(options))
      .addCallback([](const ProcessOutput& all) { return all.code; });
}

Deferred<ProcessOutput> getProcessOutputAndValue(Reactor& reactor, std::string executable,
                                                 std::vector<std::string> args,
                                                 ProcessOutputOptions options) {
  return Collector::start(reactor, Wanted::everything, std::move(executable), std::move(args),
                          std::move(options));
}

}  // namespace hawser
