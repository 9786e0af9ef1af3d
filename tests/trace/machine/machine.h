#pragma once

#include "trace/machine/trace.h"
#include "trace/machine/value.h"
#include "trace/program.h"
#include "trace/run.h"

#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/deferred_queue.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/testing/fake_clock.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hawser::trace::HAWSER_TRACE_LAYOUT {

/// Runs one program on Hawser's Deferreds and writes its trace.
///
/// The rules (when an operation is skipped, what is held, what is printed) are those of FORMAT.md.
/// Each operation is one `perform`; they are in the files named after what they are about.
class Machine {
 public:
  /// The program must outlive the machine.
  explicit Machine(const Program& program, Switches switches) noexcept
      : program_(program), switches_(switches) {}

  /// Runs the program, then drops what is left. Call it once.
  std::vector<std::string> run();

 private:
  /// Book-keeping of one chain.
  struct Cell {
    int hold = 0;    ///< operations on it in progress, and its handlers that are running
    int pauses = 0;  ///< that the program has not undone
    bool pausable = true;
  };
  class Hold;

  /// A number of the program. It stays defined when its handle has moved away.
  struct Chain {
    Cell* cell;
    std::optional<Deferred<Value>> handle;
    CancelHandle canceller;  ///< if cancelling goes through it
  };

  // machine.cpp: operations in general, and the slots
  void execute(const Operation& operation);
  void skip() { trace_.event("skip"); }
  void teardown();
  /// False, with a skip, if the number is in use.
  bool fresh(Number number);
  void define(Number number, Deferred<Value> deferred, Cell* cell = nullptr);
  Cell& newCell() { return cells_.emplace_back(); }
  /// Null if the number has no handle in its slot.
  Chain* present(Number number);
  bool movable(Number number);
  /// The handle for good; nothing, with a skip, if it may not be moved.
  std::optional<Deferred<Value>> take(Number number);
  /// All or none of the handles, if `made` is fresh; nothing, with a skip, otherwise.
  std::optional<std::vector<Deferred<Value>>> takeMembers(Number made,
                                                          const std::vector<Number>& members);

  // handlers.cpp: what handlers do, and how they are attached. The library treats what a handler
  // returns by its type; each outcome gets the plainest type that can hold it.
  Value callForValue(const Handler& handler, Cell& cell, Result<Value> argument);
  Result<Value> callForResult(const Handler& handler, Cell& cell, Result<Value> argument);
  Deferred<Value> callForDeferred(const Handler& handler, Cell& cell, Result<Value> argument);
  void enter(const Handler& handler, const Result<Value>& argument);
  template <auto Call>
  Deferred<Value> attachAs(Deferred<Value> deferred, op::Lane lane, const Handler& handler,
                           Cell& cell);
  Deferred<Value> attach(Deferred<Value> deferred, op::Lane lane, const Handler& handler,
                         Cell& cell);
  Deferred<Value> attachPair(Deferred<Value> deferred, const Handler& callback,
                             const Handler& errback, Cell& cell);

  // making.cpp
  void perform(const op::New& operation);
  void perform(const op::Succeed& operation);
  void perform(const op::Failed& operation);
  void perform(const op::Maybe& operation);
  void perform(const op::Exec& operation);

  // consuming.cpp: the consumer end
  /// Adding something takes the handle and puts the next one back.
  template <class Add>
  void consume(Number target, Add add);
  /// Uses the handle where it lies.
  template <class Use>
  void borrow(Number target, Use use);
  void perform(const op::Add& operation);
  void perform(const op::AddPair& operation);
  void perform(const op::Chain& operation);
  void perform(const op::Pause& operation);
  void perform(const op::Unpause& operation);
  void perform(const op::Cancel& operation);
  void perform(const op::Drop& operation);
  void perform(const op::Show& operation);
  void perform(const op::Timeout& operation);

  // firing.cpp: the firing end, and the clock
  void perform(const op::Fire& operation);
  void perform(const op::Fail& operation);
  void perform(const op::Advance& operation);

  // combining.cpp
  void perform(const op::List& operation);
  void perform(const op::Gather& operation);
  void perform(const op::Race& operation);

  // script.cpp: coroutines
  void perform(const op::Coroutine& operation);
  Deferred<Value> script(const op::Coroutine& coroutine);
  Result<Value> resumed(std::int64_t id, Result<Value> result);

  // guarding.cpp: locks, semaphores and queues
  using Guard = std::variant<DeferredLock, DeferredSemaphore>;
  template <class Use>
  void guard(Number number, Use use);
  void perform(const op::Lock& operation);
  void perform(const op::Semaphore& operation);
  void perform(const op::Acquire& operation);
  void perform(const op::RunHolding& operation);
  void perform(const op::Release& operation);
  void perform(const op::ShowHeld& operation);
  void perform(const op::Queue& operation);
  void perform(const op::Put& operation);
  void perform(const op::Get& operation);
  void perform(const op::ShowQueue& operation);

  const Program& program_;
  const Switches switches_;
  Trace trace_;
  testing::FakeClock clock_;
  std::deque<Cell> cells_;
  std::map<Number, Chain> chains_;
  std::map<Number, Resolver<Value>> firing_;
  /// The chains that own a firing end. They may wait for the very chain that they are to fire.
  std::vector<CancelHandle> handingOn_;
  std::map<Number, Guard> guards_;
  std::map<Number, DeferredQueue<Value>> queues_;
  /// Which chain the `defer` that ran last handed on, if it could.
  std::optional<Number> handed_;
};

/// Counts one thing in progress on a chain.
class Machine::Hold {
 public:
  explicit Hold(Cell& cell) noexcept : cell_(cell) { ++cell_.hold; }
  ~Hold() { --cell_.hold; }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  Cell& cell_;
};

}  // namespace hawser::trace::HAWSER_TRACE_LAYOUT
