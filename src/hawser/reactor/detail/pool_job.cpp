#include <hawser/reactor/detail/pool_core.h>
#include <hawser/reactor/detail/pool_job.h>

#include <unistd.h>

namespace hawser::detail {

PoolJob::~PoolJob() = default;

void PoolJob::deliver(std::shared_ptr<PoolJob>) noexcept {}

std::stop_token PoolJob::stopToken() { return core_->stopTokenOf(*this); }

bool PoolJob::cancel() noexcept {
  // None: it was never submitted.
  return !core_ || core_->cancel(*this);
}

Failure PoolJob::caught() const {
  Failure failure = Failure::currentIn(SiteKind::job, where_, passing_ ? &passing_ : nullptr);
  failure.addThread(static_cast<std::uint32_t>(::gettid()));
  return failure;
}

void PoolJob::sign(Failure& failure) const noexcept {
  failure.addSite(SiteKind::job, where_);
  failure.addThread(static_cast<std::uint32_t>(::gettid()));
}

}  // namespace hawser::detail
