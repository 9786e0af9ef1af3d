#include <hawser/base/delayed_call.h>
#include <hawser/base/logging.h>
#include <hawser/reactor/detail/busy_words.h>
#include <hawser/reactor/detail/fork_count.h>
#include <hawser/reactor/detail/pool_core.h>
#include <hawser/reactor/detail/quiet_thread.h>
#include <hawser/reactor/errors.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace hawser::detail {

namespace {

constinit thread_local PoolJob* presentJob = nullptr;
constinit thread_local const PoolCore* presentCore = nullptr;

/// A failure of type E, or that there is no memory for it.
template <class E>
Failure failureOf(const PoolCore& core, const char* what, std::source_location where) noexcept {
  try {
    return Failure(E(fmt::format("the thread pool \"{}\" {}", core.name(), what)), where);
  } catch (...) {
    return Failure::current();
  }
}

}  // namespace

PoolJob* PoolJob::current() noexcept { return presentJob; }

/// A thread, from its first look at the queue until its end, whatever that is.
class PoolCore::Presence {
 public:
  Presence(PoolCore& core, Worker& worker, Lock& lock) noexcept
      : core_(core), worker_(worker), lock_(lock) {
    presentCore = &core;
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() {
    presentCore = nullptr;
    presentJob = nullptr;
    if (!lock_.owns_lock()) lock_.lock();
    --core_.threads_;
    --core_.free_;
    core_.replace(lock_);
    worker_.ended = true;
    core_.ended_.notify_all();
  }

 private:
  PoolCore& core_;
  Worker& worker_;
  Lock& lock_;
};

PoolCore::PoolCore(ThreadPoolOptions options) : options_(std::move(options)), forks_(forkCount()) {}

bool PoolCore::forked() const noexcept { return forks_ != forkCount(); }

bool PoolCore::onOwnThread() const noexcept { return presentCore == this; }

// Jobs.

void PoolCore::submit(std::shared_ptr<PoolJob> job) {
  if (forked())
    throw WrongThreadError(fmt::format(
        "the thread pool \"{}\" was given a job in a forked process, which has no such threads",
        options_.name));
  bool lacks = false;
  {
    const Lock lock(mutex_);
    if (!open_)
      throw ThreadPoolStoppedError(
          fmt::format("the thread pool \"{}\" was stopped", options_.name));
    if (threads_ >= options_.maxThreads && queued_ >= free_ + options_.maxQueued) refuseFull();
    PoolJob& added = *job;
    added.core_ = shared_from_this();
    added.since_ = std::chrono::steady_clock::now();
    queue_.pushBack(added);
    ++queued_;
    try {
      lacks = !startThreads();
    } catch (...) {
      added.unlink();
      --queued_;
      added.core_ = nullptr;
      throw;
    }
    added.self_ = std::move(job);
    watchQueue();
  }
  wake_.notify_one();
  if (lacks)
    logging::warn(fmt::format(
        "The system gives no further thread to the pool \"{}\"; jobs wait for those it has.",
        options_.name));
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

// Threads.

void PoolCore::adjust(std::size_t minThreads, std::size_t maxThreads) {
  if (forked()) return;
  {
    const Lock lock(mutex_);
    options_.minThreads = minThreads;
    options_.maxThreads = maxThreads;
    // Before the first job there are none, and a closed pool needs no more.
    if (open_ && threads_ > 0) startThreads();
  }
  wake_.notify_all();
}

bool PoolCore::startThreads() {
  try {
    while (threads_ < options_.minThreads || (queued_ > free_ && threads_ < options_.maxThreads))
      startThread();
  } catch (const std::system_error& error) {
    if (threads_ == 0)
      throw ThreadStartError(
          error.code(), fmt::format("the thread pool \"{}\" cannot start a thread", options_.name));
    return std::exchange(fewerThanWished_, true);
  } catch (const std::bad_alloc&) {
    if (threads_ == 0) throw;
    return std::exchange(fewerThanWished_, true);
  }
  return true;
}

void PoolCore::startThread() {
  joinEnded();
  Worker& worker = workers_.emplace_back();
  try {
    worker.thread = quietThread([core = shared_from_this(), &worker] { core->work(worker); });
  } catch (...) {
    workers_.pop_back();
    throw;
  }
  ++threads_;
  ++free_;
}

void PoolCore::joinEnded() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    const auto here = worker++;
    if (!here->ended || !here->thread.joinable()) continue;
    here->thread.join();
    workers_.erase(here);
  }
}

void PoolCore::replace(Lock& lock) noexcept {
  // A thread that leaves may have been woken for a job.
  wake_.notify_one();
  if (threads_ != 0 || queue_.empty()) return;
  try {
    startThreads();
  } catch (...) {
    refuseAll(lock, Failure::current());
  }
}

void PoolCore::work(Worker& worker) {
  Lock lock(mutex_);
  const Presence presence(*this, worker, lock);
  // What has run. It is told of, and goes with all that the user gave along, without the lock; and
  // after this thread is known to be free, since whoever hears of it may have another job.
  std::shared_ptr<PoolJob> done;
  const auto tell = [&]() noexcept {
    if (!done) return std::size_t{0};
    done->deliver();
    done.reset();
    return std::size_t{1};
  };
  const auto tellNow = [&]() noexcept {
    if (!done) return;
    lock.unlock();
    const std::size_t told = tell();
    lock.lock();
    running_ -= told;
    tellIdle(lock);
  };
  for (;;) {
    if (queue_.empty()) tellNow();
    while (queue_.empty() && open_ && threads_ <= options_.maxThreads) wake_.wait(lock);
    if (queue_.empty() || threads_ > options_.maxThreads) break;
    std::shared_ptr<PoolJob> job = std::move(queue_.popFront().self_);
    --queued_;
    begin(worker, *job);
    lock.unlock();
    const std::size_t told = tell();
    try {
      job->run();
    } catch (...) {
      // The thread is being ended, from inside.
      static_cast<void>(job->refuse(failureOf<ThreadEndedError>(
          *this, "lost the thread that ran this: it was ended", job->where())));
      lock.lock();
      end(worker, *job);
      running_ -= told + 1;
      tellIdle(lock);
      lock.unlock();
      job.reset();
      throw;
    }
    lock.lock();
    end(worker, *job);
    running_ -= told;
    done = std::move(job);
  }
  tellNow();
}

void PoolCore::begin(Worker& worker, PoolJob& job) noexcept {
  job.stage_ = PoolJob::Stage::running;
  worker.job = &job;
  worker.since = std::chrono::steady_clock::now();
  --free_;
  ++running_;
  presentJob = &job;
}

void PoolCore::end(Worker& worker, PoolJob& job) noexcept {
  presentJob = nullptr;
  job.stage_ = PoolJob::Stage::over;
  worker.job = nullptr;
  ++free_;
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
  refuseAll(lock, failureOf<ThreadPoolStoppedError>(*this, "was stopped while this waited", {}));
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

void PoolCore::join() noexcept {
  if (forked()) return;
  Lock lock(mutex_);
  for (;;) {
    const auto worker = std::find_if(workers_.begin(), workers_.end(),
                                     [](const Worker& each) { return each.thread.joinable(); });
    if (worker == workers_.end()) break;
    std::thread thread = std::move(worker->thread);
    lock.unlock();
    thread.join();
    lock.lock();
    workers_.erase(worker);
  }
  ended_.wait(lock, [this] { return threads_ == 0; });
  std::thread watcher = std::move(watcher_);
  lock.unlock();
  if (watcher.joinable()) watcher.join();
}

void PoolCore::detach() noexcept {
  if (forked()) return;
  const Lock lock(mutex_);
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.thread.detach();
  if (watcher_.joinable()) watcher_.detach();
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

void PoolCore::watchQueue() {
  if (watching_ || queued_ <= free_ || options_.stuckAfter <= std::chrono::nanoseconds::zero())
    return;
  try {
    if (watcher_.joinable()) watcher_.join();
    watcher_ = quietThread([core = shared_from_this()] { core->watch(); });
    watching_ = true;
  } catch (const std::exception&) {
    // Then nobody watches, until another job has to wait.
    return;
  }
}

void PoolCore::watch() {
  bool reported = false;
  Lock lock(mutex_);
  while (open_ && !queue_.empty()) {
    const Time now = std::chrono::steady_clock::now();
    const Time due = laterThan(queue_.front().since_, options_.stuckAfter);
    if (now < due) {
      reported = false;
      look_.wait_until(lock, due);
    } else if (reported) {
      look_.wait_until(lock, laterThan(now, options_.stuckAfter));
    } else {
      reported = true;
      report(lock, now - queue_.front().since_);
    }
  }
  watching_ = false;
}

void PoolCore::report(Lock& lock, std::chrono::nanoseconds waited) noexcept {
  try {
    const std::string text =
        fmt::format("A job has waited {:.3g} s for a thread of the pool \"{}\"; {}, and its {}",
                    std::chrono::duration<double>(waited).count(), options_.name,
                    waitingInWords(queued_), inWords(busy()));
    lock.unlock();
    logging::warn(text);
  } catch (const std::bad_alloc&) {
    if (lock.owns_lock()) lock.unlock();
    logging::warn("Jobs have waited long for the threads of a pool.");
  }
  lock.lock();
}

}  // namespace hawser::detail
