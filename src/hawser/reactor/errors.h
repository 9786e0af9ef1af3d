#pragma once

#include <stdexcept>

namespace hawser {

/// `run` on a reactor that runs (Twisted's `ReactorAlreadyRunning`).
class ReactorAlreadyRunning : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~ReactorAlreadyRunning() override;
};

/// `stop` on a reactor that has not started, or was stopped already (Twisted's
/// `ReactorNotRunning`).
class ReactorNotRunning : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~ReactorNotRunning() override;
};

/// `run` on a reactor that ran before (Twisted's `ReactorNotRestartable`): make a new one.
class ReactorNotRestartable : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~ReactorNotRestartable() override;
};

/// `Reactor::current()` on a thread that has no reactor.
class NoReactorError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~NoReactorError() override;
};

/// A backend was asked for by a name that none has (Twisted's `NoSuchReactor`).
class NoSuchReactor : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
  ~NoSuchReactor() override;
};

/// A backend was asked for by name, but the kernel, or what guards it, does not permit it.
class ReactorNotAvailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~ReactorNotAvailable() override;
};

/// A function of a reactor was called on a thread, or in a forked process, other than its own.
class WrongThreadError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~WrongThreadError() override;
};

}  // namespace hawser
