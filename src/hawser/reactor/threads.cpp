#include <hawser/reactor/threads.h>

namespace hawser {

void detail::checkMayWait(const Reactor& reactor) {
  if (reactor.isInIOThread())
    throw WrongThreadError(
        "blockingCallFromThread was called on the reactor's own thread, which would wait for "
        "itself; "
        "make the call directly");
  reactor.checkProcess("blockingCallFromThread");
}

void callMultipleInThread(ReactorHere reactor, std::vector<unique_function<void()>> calls) {
  reactor.reactor.callInThread(
      [calls = std::move(calls)]() mutable {
        for (unique_function<void()>& call : calls) call();
      },
      reactor.where);
}

}  // namespace hawser
