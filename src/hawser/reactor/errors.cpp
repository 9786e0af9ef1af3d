#include <hawser/reactor/errors.h>

namespace hawser {

ReactorAlreadyRunning::~ReactorAlreadyRunning() = default;
ReactorNotRunning::~ReactorNotRunning() = default;
ReactorNotRestartable::~ReactorNotRestartable() = default;
NoReactorError::~NoReactorError() = default;
NoSuchReactor::~NoSuchReactor() = default;
ReactorNotAvailable::~ReactorNotAvailable() = default;
WrongThreadError::~WrongThreadError() = default;

}  // namespace hawser
