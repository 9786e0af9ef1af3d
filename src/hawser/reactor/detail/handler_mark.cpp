#include <hawser/reactor/detail/handler_mark.h>

namespace hawser::detail {

constinit thread_local HandlerMarks* handlerMarks = nullptr;

}  // namespace hawser::detail
