#include <hawser/base/logging.h>
#include <hawser/reactor/detail/pool_core.h>
#include <hawser/reactor/detail/quiet_thread.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace hawser::detail {

namespace {

constinit thread_local PoolJob* presentJob = nullptr;
constinit thread_local const PoolCore* presentCore = nullptr;

/// That the thread of a job was ended, or that there is no memory for it.
Failure endedFailure(const std::string& name, std::source_location where) noexcept {
  try {
    return Failure(ThreadEndedError(fmt::format(
                       "the thread pool \"{}\" lost the thread that ran this: it was ended", name)),
                   where);
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
    // It may have been woken for a job, which another one has to do then.
    core_.waking_ = false;
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

bool PoolCore::onOwnThread() const noexcept { return presentCore == this; }

void PoolCore::adjust(std::size_t minThreads, std::size_t maxThreads) {
  if (forked()) return;
  std::optional<Lack> lack;
  {
    const Lock lock(mutex_);
    options_.minThreads = minThreads;
    options_.maxThreads = maxThreads;
    // Before the first job there are none, and a closed pool needs no more.
    if (open_ && threads_ > 0) lack = startThreads();
  }
  wake_.notify_all();
  if (lack) warn(*lack);
}

std::optional<PoolCore::Lack> PoolCore::startThreads() {
  std::error_code why;
  try {
    while (threads_ < options_.minThreads || (queued_ > free_ && threads_ < options_.maxThreads))
      startThread();
  } catch (const std::system_error& error) {
    if (threads_ == 0)
      throw ThreadStartError(
          error.code(), fmt::format("the thread pool \"{}\" cannot start a thread", options_.name));
    why = error.code();
  } catch (const std::bad_alloc&) {
    if (threads_ == 0) throw;
    why = std::make_error_code(std::errc::not_enough_memory);
  }
  if (!why || std::exchange(lackTold_, true)) return std::nullopt;
  const std::size_t wished = std::min(threads_ + queued_ - free_, options_.maxThreads);
  return Lack{threads_, std::max(wished, options_.minThreads), why};
}

void PoolCore::warn(const Lack& lack) const noexcept {
  try {
    logging::warn(
        fmt::format("The thread pool \"{}\" runs {} of the {} threads that it should; the system "
                    "gives no other: {}. Jobs wait for those it has.",
                    options_.name, lack.threads, lack.wished, lack.why.message()));
  } catch (const std::bad_alloc&) {
    logging::warn("A thread pool has fewer threads than are wished.");
  }
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
  if (wakesOne()) wake_.notify_one();
  if (threads_ != 0 || queue_.empty()) return;
  try {
    if (const auto lack = startThreads()) {
      lock.unlock();
      warn(*lack);
      lock.lock();
    }
  } catch (...) {
    refuseAll(lock, Failure::current());
  }
}

bool PoolCore::wakesOne() noexcept {
  if (waking_ || sleeping_ == 0 || queue_.empty()) return false;
  return waking_ = true;
}

void PoolCore::sleep(Lock& lock) {
  struct Sleeping {
    explicit Sleeping(PoolCore& pool) noexcept : core(pool) { ++core.sleeping_; }
    Sleeping(const Sleeping&) = delete;
    Sleeping& operator=(const Sleeping&) = delete;
    ~Sleeping() {
      --core.sleeping_;
      core.waking_ = false;
    }
    PoolCore& core;
  } const sleeping(*this);
  wake_.wait(lock);
}

void PoolCore::work(Worker& worker) {
  Lock lock(mutex_);
  const Presence presence(*this, worker, lock);
  Time now = std::chrono::steady_clock::now();
  // What has run. It is told of, and goes with all that the user gave along, without the lock; and
  // after this thread is known to be free, since whoever hears of it may have another job.
  std::shared_ptr<PoolJob> done;
  const auto tell = [&]() noexcept {
    if (!done) return std::size_t{0};
    PoolJob& told = *done;
    told.deliver(std::move(done));
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
    while (queue_.empty() && open_ && threads_ <= options_.maxThreads) {
      sleep(lock);
      now = std::chrono::steady_clock::now();
    }
    if (queue_.empty() || threads_ > options_.maxThreads) break;
    std::shared_ptr<PoolJob> job = std::move(queue_.popFront().self_);
    --queued_;
    begin(worker, *job, now);
    const bool wakes = wakesOne();
    lock.unlock();
    if (wakes) wake_.notify_one();
    const std::size_t told = tell();
    try {
      job->run();
    } catch (...) {
      // The thread is being ended, from inside.
      static_cast<void>(job->refuse(endedFailure(options_.name, job->where())));
      lock.lock();
      end(worker, *job);
      running_ -= told + 1;
      tellIdle(lock);
      lock.unlock();
      job.reset();
      throw;
    }
    now = std::chrono::steady_clock::now();
    lock.lock();
    end(worker, *job);
    running_ -= told;
    done = std::move(job);
  }
  tellNow();
}

void PoolCore::begin(Worker& worker, PoolJob& job, Time now) noexcept {
  job.stage_ = PoolJob::Stage::running;
  worker.job = &job;
  worker.since = now;
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

}  // namespace hawser::detail
