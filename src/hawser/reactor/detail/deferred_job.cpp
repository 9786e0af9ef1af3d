#include <hawser/reactor/detail/deferred_job.h>

namespace hawser::detail {

RemoteJob::~RemoteJob() = default;

// The reactor has abandoned, or will, what waited for this.
void RemoteJob::lost() noexcept {}

}  // namespace hawser::detail
