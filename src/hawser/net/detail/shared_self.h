#pragma once

#include <memory>

namespace hawser::detail {

/// A base class that lives in shared_ptrs, and gives them to those that derive from it.
template <class Base>
class SharedSelf : public std::enable_shared_from_this<Base> {
  friend Base;
  SharedSelf() = default;

 protected:
  /// `shared(this)` and `weak(this)`: this object as a pointer of its own type.
  template <class P>
  static std::shared_ptr<P> shared(P* self) {
    return std::static_pointer_cast<P>(self->shared_from_this());
  }
  template <class P>
  static std::weak_ptr<P> weak(P* self) {
    return shared(self);
  }
};

}  // namespace hawser::detail
