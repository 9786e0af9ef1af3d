#pragma once

#include <hawser/base/failure.h>
#include <hawser/net/address.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace hawser::detail {

/// What has made connections, and is told that one is over, after its protocol was told.
class ConnectionObserver {
 public:
  virtual void connectionEnded(const Failure& reason) = 0;
  /// Is it a port, which has accepted the connection?
  virtual bool accepts() const noexcept { return false; }
  /// Where all its connections are on this side, or null: then each channel is asked.
  virtual const Address* commonHost() const noexcept { return nullptr; }

 protected:
  ~ConnectionObserver() = default;

 private:
  friend class ObserverPtr;
  std::shared_ptr<ConnectionObserver> self_;  // while there are connections
  std::size_t connections_ = 0;
};

/// What a connection holds of the one who made it: a shared_ptr would be twice as large.
class ObserverPtr {
 public:
  ObserverPtr() noexcept = default;
  explicit ObserverPtr(std::shared_ptr<ConnectionObserver> observer) noexcept
      : observer_(observer.get()) {
    if (observer_ && observer_->connections_++ == 0) observer_->self_ = std::move(observer);
  }
  /// `share()` gives the shared_ptr, which the observer's first connection needs.
  template <class Share>
  ObserverPtr(ConnectionObserver& observer, Share share) : observer_(&observer) {
    if (observer.connections_ == 0) observer.self_ = share();
    ++observer.connections_;
  }
  ObserverPtr(ObserverPtr&& other) noexcept : observer_(std::exchange(other.observer_, nullptr)) {}
  ObserverPtr& operator=(ObserverPtr&& other) noexcept {
    std::swap(observer_, other.observer_);
    return *this;
  }
  ~ObserverPtr() {
    if (!observer_ || --observer_->connections_ != 0) return;
    const auto last = std::exchange(observer_->self_, nullptr);
  }

  explicit operator bool() const noexcept { return observer_ != nullptr; }
  ConnectionObserver* operator->() const noexcept { return observer_; }
  ConnectionObserver& operator*() const noexcept { return *observer_; }

 private:
  ConnectionObserver* observer_ = nullptr;
};

}  // namespace hawser::detail
