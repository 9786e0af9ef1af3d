#include <hawser/base/logging.h>
#include <hawser/reactor/detail/busy_words.h>
#include <hawser/reactor/detail/fork_count.h>
#include <hawser/reactor/detail/pool_core.h>
#include <hawser/reactor/errors.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace hawser::detail {

namespace {

/// That the pool was stopped, or that there is no memory for it.
Failure stoppedFailure(const std::string& name) noexcept {
  try {
    return Failure(ThreadPoolStoppedError(
                       fmt::format("the thread pool \"{}\" was stopped while this waited", name)),
                   std::source_location());
  } catch (...) {
    return Failure::current();
  }
}

}  // namespace

PoolCore::PoolCore(ThreadPoolOptions options) : options_(std::move(options)), forks_(forkCount()) {}

bool PoolCore::forked() const noexcept { return forks_ != forkCount(); }

// Jobs.

void PoolCore::submit(std::shared_ptr<PoolJob> job) {
  if (forked())
    throw WrongThreadError(fmt::format(
        "the thread pool \"{}\" was given a job in a forked process, which has no such threads",
        options_.name));
  PoolJob& added = *job;
  added.core_ = shared_from_this();
  added.since_ = std::chrono::steady_clock::now();
  try {
    enqueue(std::move(job));
  } catch (...) {
    added.core_ = nullptr;
    throw;
  }
}

void PoolCore::enqueue(std::shared_ptr<PoolJob>&& job) {
  std::optional<Lack> lack;
  bool wakes = false;
  {
    const Lock lock(mutex_);
    if (!open_)
      throw ThreadPoolStoppedError(
          fmt::format("the thread pool \"{}\" was stopped", options_.name));
    if (threads_ >= options_.maxThreads && queued_ >= free_ + options_.maxQueued) refuseFull();
    PoolJob& added = *job;
    queue_.pushBack(added);
    ++queued_;
    try {
      lack = startThreads();
    } catch (...) {
      added.unlink();
      --queued_;
      throw;
    }
    added.self_ = std::move(job);
    watchQueue();
    wakes = wakesOne();
  }
  if (wakes) wake_.notify_one();
  if (lack) warn(*lack);
}

bool PoolCore::cancel(PoolJob& job) noexcept {
  if (forked()) return false;
  std::shared_ptr<PoolJob> removed;
  std::stop_source stop(std::nostopstate);
  Lock lock(mutex_);
  if (job.stage_ == PoolJob::Stage::waiting) {
    job.unlink();
    --queued_;
    job.stage_ = PoolJob::Stage::over;
    removed = std::move(job.self_);
    tellIdle(lock);
    return true;
  }
  if (job.stage_ == PoolJob::Stage::running && !std::exchange(job.askedToStop_, true)) {
    stop = job.stop_;
    lock.unlock();
    stop.request_stop();
  }
  return false;
}

std::stop_token PoolCore::stopTokenOf(PoolJob& job) {
  const Lock lock(mutex_);
  if (!job.stop_.stop_possible()) {
    job.stop_ = std::stop_source();
    if (job.askedToStop_) job.stop_.request_stop();
  }
  return job.stop_.get_token();
}

// Ending.

void PoolCore::close() noexcept {
  if (forked()) return;
  Lock lock(mutex_);
  open_ = false;
  wake_.notify_all();
  look_.notify_all();
  tellIdle(lock);
}

void PoolCore::quit() noexcept {
  if (forked()) return;
  close();
  Lock lock(mutex_);
  refuseAll(lock, stoppedFailure(options_.name));
  for (;;) {
    const auto worker = std::find_if(workers_.begin(), workers_.end(), [](const Worker& each) {
      return each.job && !each.job->askedToStop_;
    });
    if (worker == workers_.end()) break;
    worker->job->askedToStop_ = true;
    std::stop_source stop = worker->job->stop_;
    lock.unlock();
    stop.request_stop();
    lock.lock();
  }
}

void PoolCore::refuseAll(Lock& lock, const Failure& why) noexcept {
  std::size_t unheard = 0;
  while (!queue_.empty()) {
    const std::shared_ptr<PoolJob> job = std::move(queue_.popFront().self_);
    --queued_;
    job->stage_ = PoolJob::Stage::over;
    lock.unlock();
    if (!job->refuse(why)) ++unheard;
    lock.lock();
  }
  if (unheard != 0) {
    lock.unlock();
    try {
      logging::warn(fmt::format(
          "The thread pool \"{}\" dropped {} of callInThread that waited: {}", options_.name,
          unheard == 1 ? "a call" : fmt::format("{} calls", unheard), why.getErrorMessage()));
    } catch (const std::bad_alloc&) {
      logging::warn("A thread pool dropped calls of callInThread that waited.");
    }
    lock.lock();
  }
  tellIdle(lock);
}

void PoolCore::tellWhenIdle(std::shared_ptr<RemoteCalls> calls, std::shared_ptr<RemoteNews> news) {
  Lock lock(mutex_);
  waiters_.push_back({std::move(calls), std::move(news)});
  tellIdle(lock);
}

void PoolCore::tellIdle(Lock& lock) noexcept {
  if (open_ || waiters_.empty() || !queue_.empty() || running_ != 0) return;
  std::vector<Waiter> waiters = std::exchange(waiters_, {});
  lock.unlock();
  for (Waiter& waiter : waiters) waiter.calls->send(std::move(waiter.news));
  waiters.clear();
  lock.lock();
}

// Telling.

std::size_t PoolCore::threads() const {
  if (forked()) return 0;
  const Lock lock(mutex_);
  return threads_;
}

std::size_t PoolCore::queued() const {
  if (forked()) return 0;
  const Lock lock(mutex_);
  return queued_;
}

std::vector<BusyThread> PoolCore::busyWith() const {
  if (forked()) return {};
  const Lock lock(mutex_);
  return busy();
}

std::vector<BusyThread> PoolCore::busy() const {
  const Time now = std::chrono::steady_clock::now();
  std::vector<BusyThread> busy;
  for (const Worker& worker : workers_)
    if (worker.job) busy.push_back({worker.job->where(), now - worker.since});
  std::sort(busy.begin(), busy.end(),
            [](const BusyThread& a, const BusyThread& b) { return a.lasted > b.lasted; });
  return busy;
}

void PoolCore::refuseFull() const {
  std::vector<BusyThread> busyWith = busy();
  const std::string text = fmt::format("the thread pool \"{}\" is full: {}, and its {}",
                                       options_.name, waitingInWords(queued_), inWords(busyWith));
  throw ThreadPoolFullError(text, std::move(busyWith));
}

}  // namespace hawser::detail
