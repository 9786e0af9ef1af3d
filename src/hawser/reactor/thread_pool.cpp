#include <hawser/base/logging.h>
#include <hawser/reactor/detail/busy_words.h>
#include <hawser/reactor/detail/pool_core.h>
#include <hawser/reactor/detail/reactor_threads.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/thread_pool.h>

#include <fmt/format.h>

#include <new>
#include <stdexcept>
#include <utility>

namespace hawser {

namespace {

using detail::PoolCore;

void checkSize(std::size_t minThreads, std::size_t maxThreads) {
  if (maxThreads == 0) throw std::invalid_argument("ThreadPool: it cannot work without threads");
  if (minThreads > maxThreads)
    throw std::invalid_argument("ThreadPool: minThreads is more than maxThreads");
}

/// A call of which nobody asks what it gave.
class PlainJob final : public detail::PoolJob {
 public:
  PlainJob(unique_function<void()> call, std::source_location where)
      : PoolJob(where), call_(std::move(call)) {}

  void run() override {
    Result<void> result;
    detail::callJob<void>(*this, call_, result);
    if (!result) detail::logJobFailure(result.failure(), where());
  }
  bool refuse(Failure why) noexcept override {
    if (!why.check<ThreadEndedError>()) return false;
    detail::logJobFailure(why, where());
    return true;
  }

 private:
  unique_function<void()> call_;
};

/// Fires on the reactor's thread when a pool has nothing left to do.
class IdleNews final : public detail::RemoteNews, public detail::RemoteSlot {
 public:
  explicit IdleNews(std::source_location where) noexcept : RemoteNews(where) {}

  void arrive() override {
    const auto keep = close();
    if (Resolver<void> told = std::move(resolver)) told.callback({});
  }
  void lost() noexcept override {}
  void abandon() noexcept override { const Resolver<void> abandoned = std::move(resolver); }

  Resolver<void> resolver;
};

}  // namespace

void detail::logJobFailure(const Failure& failure, std::source_location where) noexcept {
  logging::err(failure, "in a thread of a pool", where);
}

ThreadPool::ThreadPool(ThreadPoolOptions options) {
  checkSize(options.minThreads, options.maxThreads);
  core_ = std::make_shared<PoolCore>(std::move(options));
}

ThreadPool::~ThreadPool() {
  core_->quit();
  if (core_->onOwnThread())
    core_->detach();
  else
    core_->join();
}

void ThreadPool::submit(std::shared_ptr<detail::PoolJob> job) { core_->submit(std::move(job)); }

void ThreadPool::callInThread(unique_function<void()> call, std::source_location where) {
  if (!call) throw std::invalid_argument("callInThread: there is nothing to call");
  submit(std::make_shared<PlainJob>(std::move(call), where));
}

void ThreadPool::adjustPoolsize(std::size_t minThreads, std::size_t maxThreads) {
  checkSize(minThreads, maxThreads);
  core_->adjust(minThreads, maxThreads);
}

void ThreadPool::quit() noexcept { core_->quit(); }

void ThreadPool::stop() {
  if (core_->onOwnThread())
    throw std::logic_error("ThreadPool::stop was called in one of its own jobs; use quit");
  core_->quit();
  core_->join();
}

Deferred<void> ThreadPool::stop(Reactor& reactor, std::source_location where) {
  reactor.checkThread("ThreadPool::stop");
  Deferred<void> stopped = whenIdle(reactor, where);
  core_->quit();
  return stopped;
}

Deferred<void> ThreadPool::drain(Reactor& reactor, std::source_location where) {
  reactor.checkThread("ThreadPool::drain");
  Deferred<void> drained = whenIdle(reactor, where);
  core_->close();
  return drained;
}

Deferred<void> ThreadPool::whenIdle(Reactor& reactor, std::source_location where) {
  if (core_->forked()) return succeed();
  const auto news = std::make_shared<IdleNews>(where);
  // Weak: the reactor, when it ends, lets go of the news before the Deferred hears of it.
  const auto forget = [weak = std::weak_ptr<IdleNews>(news)] {
    const auto found = weak.lock();
    if (!found) return;
    const auto keep = found->close();
    found->abandon();
  };
  auto made = makeDeferred<void>(forget, where);
  news->resolver = std::move(made.resolver);
  try {
    core_->tellWhenIdle(detail::ReactorThreads::calls(reactor), news);
    detail::ReactorThreads::open(reactor, *news, news);
  } catch (const std::bad_alloc&) {
    news->resolver.errback(Failure::current(where));
  }
  return std::move(made.deferred);
}

std::size_t ThreadPool::threads() const { return core_->threads(); }
std::size_t ThreadPool::queued() const { return core_->queued(); }
std::vector<BusyThread> ThreadPool::busyWith() const { return core_->busyWith(); }

std::string ThreadPool::toString() const {
  return fmt::format("{}; {}", detail::inWords(busyWith()), detail::waitingInWords(queued()));
}

}  // namespace hawser
