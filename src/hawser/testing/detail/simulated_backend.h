#pragma once

#include <hawser/reactor/backend.h>
#include <hawser/testing/detail/simulated_kernel.h>

#include <memory>

namespace hawser::testing::simulated {

/// The simulated kernel, as a Reactor needs it.
class SimulatedBackend final : public Backend {
 public:
  explicit SimulatedBackend(std::shared_ptr<SimulatedKernel> kernel) noexcept
      : kernel_(std::move(kernel)) {}
  ~SimulatedBackend() override;

  std::string_view name() const noexcept override { return "simulation"; }
  ChannelPtr open(int family, int type, int protocol) override;
  ChannelPtr adopt(FileDescriptor descriptor) override;
  TimePoint now() const noexcept override { return kernel_->now(); }
  void wait(std::optional<TimePoint> until) override { kernel_->wait(until); }
  void deliver() override { kernel_->deliver(); }
  void wake() noexcept override { kernel_->wake(); }

 private:
  std::shared_ptr<SimulatedKernel> kernel_;
};

}  // namespace hawser::testing::simulated
