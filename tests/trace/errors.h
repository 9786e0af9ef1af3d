#pragma once

#include <cstdint>
#include <exception>

namespace hawser::trace {

/// The errors of programs: `E N`. Kind C is derived from kind A, B is unrelated to both.
class ProgramError : public std::exception {
 public:
  explicit ProgramError(std::int64_t number) noexcept : number_(number) {}
  std::int64_t number() const noexcept { return number_; }
  const char* what() const noexcept override { return "an error that the program asked for"; }

 private:
  std::int64_t number_;
};

class ErrA : public ProgramError {
 public:
  using ProgramError::ProgramError;
};

class ErrB : public ProgramError {
 public:
  using ProgramError::ProgramError;
};

class ErrC : public ErrA {
 public:
  using ErrA::ErrA;
};

}  // namespace hawser::trace
