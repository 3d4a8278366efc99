"""Every error Paceline raises on purpose.

::

    PacelineError
    ├── UsageError            the caller's words are wrong: a field, a flag, a file     → INVALID_ARGUMENT, exit 2
    │   └── NotFound          a name or number that nothing has                         → NOT_FOUND, exit 2
    ├── Conflict              the words are right but contradict what is already so     → ALREADY_EXISTS, exit 1
    ├── NeverFits             no worker there is could ever run it                      → FAILED_PRECONDITION, exit 1
    ├── NotAllowed            missing, wrong, expired or spent credentials              → UNAUTHENTICATED, exit 77
    │   └── Forbidden         good credentials, of a role that may not do this          → PERMISSION_DENIED, exit 77
    ├── VersionMismatch       the two sides are too far apart; says who must upgrade    → FAILED_PRECONDITION, exit 2
    ├── Unreachable           nobody answers at the address                             → UNAVAILABLE, exit 69
    ├── TryAgain              right, but not now: read-only, overloaded                 → RESOURCE_EXHAUSTED, exit 75
    ├── TaskFailed            the task's own fault: carries its ending                  (client side)
    ├── StoreError            the store cannot be opened, or is not ours any more       (server side; fatal)
    └── LaunchError           a task's program could not be started                     (worker side; an outcome)

``code`` goes into JSON; ``hint`` says what to do. ``wire/status.py`` maps classes to gRPC and HTTP.
"""

from typing import ClassVar

from paceline.model.task import Ending, Outcome

_FAILED = Ending(outcome=Outcome.FAILED)


class PacelineError(Exception):
    """Base of all. The message names the thing and its value; ``hint`` says what to do about it."""

    code: ClassVar[str] = "ERROR"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # what an uncaught error shows below its message

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[PacelineError], message: str, hint: str) -> PacelineError:
    return kind(message, hint=hint)


class UsageError(PacelineError):
    """The caller's words are wrong. ``field`` leads the message: ``needs.gpu: …``."""

    code = "USAGE"
    exit_code = 2


class NotFound(UsageError):
    """Nothing has this name or number."""

    code = "NOT_FOUND"


class Conflict(PacelineError):
    """Contradicts what is already so."""

    code = "CONFLICT"


class NeverFits(PacelineError):
    """No worker there is could ever run it."""

    code = "NEVER_FITS"


class NotAllowed(PacelineError):
    """Missing, wrong, expired or spent credentials."""

    code = "NOT_ALLOWED"
    exit_code = 77


class Forbidden(NotAllowed):
    """Good credentials, of a role that may not do this."""

    code = "FORBIDDEN"


class VersionMismatch(PacelineError):
    """Client, worker and server are too far apart."""

    code = "VERSION"
    exit_code = 2


class Unreachable(PacelineError):
    """Nobody answers."""

    code = "UNREACHABLE"
    exit_code = 69


class TryAgain(PacelineError):
    """Not now."""

    code = "TRY_AGAIN"
    exit_code = 75


class TaskFailed(PacelineError):
    """A task did not succeed. ``task``: its number as text; ``ending``: how its last attempt ended."""

    code = "TASK_FAILED"

    def __init__(self, message: str, *, hint: str = "", task: str = "", ending: Ending = _FAILED) -> None:
        super().__init__(message, hint=hint)
        self.task = task
        self.ending = ending

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_failed, (self.message, self.hint, self.task, self.ending))


def _rebuild_failed(message: str, hint: str, task: str, ending: Ending) -> TaskFailed:
    return TaskFailed(message, hint=hint, task=task, ending=ending)


class StoreError(PacelineError):
    """The store cannot be used."""

    code = "STORE"


class LaunchError(PacelineError):
    """A program could not be started."""

    code = "LAUNCH"
