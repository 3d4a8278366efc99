"""When an attempt is asked to end, and how it asks for another one."""

from typing import NoReturn

from paceline.train import session, term

AGAIN = 75
"""Exit code of a program that asks to be tried again (EX_TEMPFAIL)."""


def should_stop() -> bool:
    """Whether the attempt was asked to end: it is cancelled, its time is up, or its worker is drained or stopped.

    There is a moment left, the *grace* of its job (10 s unless it says otherwise), to write a last checkpoint; then it
    is killed::

        while learning:
            step()
            if should_stop():
                with checkpoint(step=n) as folder:
                    save(folder)
                break

    From the first call on, in the main thread, SIGTERM does nothing but make this True (a handler of your own is called
    as well); before it, SIGTERM ends the program as ever. How the program ends in its grace is no matter: the attempt
    counts as cancelled, timed out or interrupted. Outside Paceline: False, and signals are left alone.
    """
    if not session.current():
        return False
    term.listen()
    return term.asked()


def requeue() -> NoReturn:
    """End this attempt and ask for another one, which uses up no retries: ``sys.exit(75)``.

    For a program that cannot go on here and now: a licence is taken, a quota used up, its time slot over. Write a
    checkpoint first, and ``restore`` goes on from it. Each such ending that follows shortly on another waits twice as
    long for its next attempt. In a function task as well: it must let ``SystemExit`` pass.
    """
    raise SystemExit(AGAIN)
