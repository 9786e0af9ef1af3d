#pragma once

#include "trace/errors.h"
#include "trace/machine/value.h"
#include "trace/program.h"

#include <hawser/base/failure.h>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

inline Value valueOf(const Literal& literal) { return literal ? Value(*literal) : Value(); }

[[noreturn]] inline void raise(const ErrorLiteral& error) {
  switch (error.kind) {
    case ErrorLiteral::Kind::a:
      throw ErrA(error.number);
    case ErrorLiteral::Kind::b:
      throw ErrB(error.number);
    case ErrorLiteral::Kind::c:
      break;
  }
  throw ErrC(error.number);
}

inline Failure failureOf(const ErrorLiteral& error) {
  switch (error.kind) {
    case ErrorLiteral::Kind::a:
      return ErrA(error.number);
    case ErrorLiteral::Kind::b:
      return ErrB(error.number);
    case ErrorLiteral::Kind::c:
      break;
  }
  return ErrC(error.number);
}

inline bool isOfKind(const Failure& failure, ErrorLiteral::Kind kind) {
  switch (kind) {
    case ErrorLiteral::Kind::a:
      return failure.check<ErrA>();
    case ErrorLiteral::Kind::b:
      return failure.check<ErrB>();
    case ErrorLiteral::Kind::c:
      break;
  }
  return failure.check<ErrC>();
}

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
