#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// A program, as FORMAT.md beside the oracle describes it, in the form in which it is run.
namespace hawser::trace {

/// A Deferred, a lock or semaphore, or a queue of the program; each kind has its own numbers.
using Number = std::int64_t;

/// `V`: an integer, or `none`.
using Literal = std::optional<std::int64_t>;

/// `E N`
struct ErrorLiteral {
  enum class Kind { a, b, c };
  Kind kind;
  std::int64_t number;
};

/// How a handler ends, given its argument.
namespace outcome {
struct Const {
  Literal value;
};
struct Pass {};
struct Inc {};
struct Raise {
  ErrorLiteral error;
};
struct ReturnFailure {
  ErrorLiteral error;
};
struct Defer {
  Number inner;
};
struct Trap {
  ErrorLiteral::Kind kind;
  Literal value;
};
}  // namespace outcome

using Outcome = std::variant<outcome::Const, outcome::Pass, outcome::Inc, outcome::Raise,
                             outcome::ReturnFailure, outcome::Defer, outcome::Trap>;

struct Operation;

struct Handler {
  std::int64_t id;
  std::vector<Operation> actions;
  Outcome outcome;
};

namespace canceller {
struct None {};
struct Noop {};
struct Callback {
  Literal value;
};
struct Errback {
  ErrorLiteral error;
};
struct Raise {
  ErrorLiteral error;
};
}  // namespace canceller

using Canceller = std::variant<canceller::None, canceller::Noop, canceller::Callback,
                               canceller::Errback, canceller::Raise>;

namespace step {
struct Await {
  Number inner;
  bool catches;  // tryawait
};
struct Return {
  Literal value;
};
struct ReturnLast {};
struct Raise {
  ErrorLiteral error;
};
}  // namespace step

using Step = std::variant<step::Await, step::Return, step::ReturnLast, step::Raise, Operation>;

/// The operations; those of them that a handler may do are its actions.
namespace op {

// Making Deferreds
struct New {
  Number made;
  Canceller canceller;
};
struct Succeed {
  Number made;
  Literal value;
};
struct Failed {
  Number made;
  ErrorLiteral error;
};
struct Maybe {
  Number made;
  Handler handler;
};
struct Exec {
  Number made;
  Handler handler;
};

// The consumer end
enum class Lane { callback, errback, both };
struct Add {
  Number target;
  Lane lane;
  Handler handler;
};
struct AddPair {
  Number target;
  Handler callback;
  Handler errback;
};
struct Chain {
  Number target;
  Number firing;
};
struct Pause {
  Number target;
};
struct Unpause {
  Number target;
};
struct Cancel {
  Number target;
};
struct Drop {
  Number target;
};
struct Show {
  Number target;
};

// The firing end
struct Fire {
  Number target;
  Literal value;
};
struct Fail {
  Number target;
  ErrorLiteral error;
};

// Waiting for several
struct List {
  Number made;
  bool onOneCallback;
  bool onOneErrback;
  bool consumeErrors;
  std::vector<Number> members;
};
struct Gather {
  Number made;
  bool consumeErrors;
  std::vector<Number> members;
};
struct Race {
  Number made;
  std::vector<Number> members;
};

// Time
struct Timeout {
  Number target;
  std::int64_t units;
  std::optional<Handler> handler;
};
struct Advance {
  std::int64_t units;
};

// Locks, semaphores, queues
struct Lock {
  Number made;
};
struct Semaphore {
  Number made;
  std::int64_t tokens;
};
struct Acquire {
  Number from;
  Number made;
};
struct RunHolding {
  Number from;
  Number made;
  Handler handler;
};
struct Release {
  Number target;
};
struct ShowHeld {
  Number target;
};
struct Queue {
  Number made;
  std::optional<std::int64_t> size;
  std::optional<std::int64_t> backlog;
};
struct Put {
  Number target;
  Literal value;
};
struct Get {
  Number from;
  Number made;
};
struct ShowQueue {
  Number target;
};

struct Coroutine {
  Number made;
  std::int64_t id;
  std::vector<Step> steps;
};

}  // namespace op

struct Operation {
  std::variant<op::New, op::Succeed, op::Failed, op::Maybe, op::Exec, op::Add, op::AddPair,
               op::Chain, op::Pause, op::Unpause, op::Cancel, op::Drop, op::Show, op::Fire,
               op::Fail, op::List, op::Gather, op::Race, op::Timeout, op::Advance, op::Lock,
               op::Semaphore, op::Acquire, op::RunHolding, op::Release, op::ShowHeld, op::Queue,
               op::Put, op::Get, op::ShowQueue, op::Coroutine>
      what;
};

using Program = std::vector<Operation>;

}  // namespace hawser::trace
