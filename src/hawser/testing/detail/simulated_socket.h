#pragma once

#include <hawser/net/address.h>
#include <hawser/reactor/channel.h>
#include <hawser/reactor/detail/intrusive_list.h>

#include <cstddef>
#include <string>
#include <system_error>

namespace hawser::testing::simulated {

/// A channel as the simulated kernel knows it, whatever it carries.
class SimulatedSocket : public Channel, public hawser::detail::ListNode {
 public:
  ~SimulatedSocket() override = default;

  /// Does what can be done now, and calls the handlers.
  virtual void work() = 0;
  /// The backend dies: the channel does nothing from now on.
  virtual void detach() noexcept = 0;
  /// What it waits for, in one line.
  virtual std::string describe() const = 0;
  int descriptor() const noexcept override { return -1; }
  const Address& local() const noexcept { return local_; }
  const Address& peer() const noexcept { return peer_; }

  bool scheduled = false;  ///< the kernel's

 protected:
  /// What one read takes at most, as the real backends do.
  static constexpr std::size_t readBufferBytes = 64 * 1024;

  SimulatedSocket() = default;
  static std::error_code failed(int error) noexcept {
    return error == 0 ? std::error_code() : std::error_code(error, std::system_category());
  }

  Address local_;
  Address peer_;
};

}  // namespace hawser::testing::simulated
