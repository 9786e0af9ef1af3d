#pragma once

#include <hawser/reactor/file_descriptor.h>

#include <cstdint>

namespace hawser::detail {

/// A descriptor that this program was given, and shares with others, while a reactor works on it.
///
/// What the reactor gets is another descriptor for the same thing (`open`). The destructor puts the
/// flags back, and closes what must be closed for the other side to see the end.
class StandardDescriptor {
 public:
  enum class Use : std::uint8_t { input, output };

  /// @throws std::system_error if it is not open
  StandardDescriptor(int number, Use use);
  StandardDescriptor(const StandardDescriptor&) = delete;
  StandardDescriptor& operator=(const StandardDescriptor&) = delete;
  ~StandardDescriptor();

  /// @throws std::system_error
  FileDescriptor open();
  /// From here on it is closed at the end.
  void take() noexcept { taken_ = true; }
  /// It is not any more.
  void leave() noexcept { taken_ = false; }
  bool isSocket() const noexcept { return kind_ == Kind::socket; }

 private:
  bool replaceByNothing() const noexcept;

  enum class Kind : std::uint8_t { pipe, terminal, socket, other };

  int number_;
  Use use_;
  Kind kind_;
  int flags_;  // as they were
  bool taken_ = false;
  bool shared_ = false;  // the reactor's descriptor has the same
};

}  // namespace hawser::detail
