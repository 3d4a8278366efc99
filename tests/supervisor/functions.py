"""What the tests let warm processes do."""

import ctypes
import os
import pickle
import signal
import sys
import threading
from pathlib import Path

from paceline.train import report, requeue, session, should_stop


def add(a: int, b: int) -> int:
    return a + b


def hog(size: int) -> int:
    """Really touches so much memory."""
    return len(bytearray(b"x" * size))


def where() -> tuple[int, str]:
    return os.getpid(), session.current()


def say(*words: str) -> None:
    print(*words)  # noqa: T201 - what this is for
    print(*words, file=sys.stderr)  # noqa: T201


def say_in_c(text: str) -> None:
    ctypes.CDLL(None).printf(b"%s\n", text.encode())


def say_directly(text: str) -> None:
    os.write(1, text.encode())


def fail(text: str) -> None:
    raise ValueError(text)


class Stubborn(Exception):
    """Pickles, but does not unpickle."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} {two}")


def fail_stubbornly() -> None:
    raise Stubborn(1, 2)


def leave(code: object) -> None:
    sys.exit(code)  # type: ignore[arg-type]


def interrupt() -> None:
    raise KeyboardInterrupt


def vanish(code: int) -> None:
    os._exit(code)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def close_files() -> None:
    os.closerange(3, 64)


def fork_and_return() -> int:
    """Both come back."""
    if os.fork() == 0:
        return 1
    os.wait()
    return 2


def take_stdout_away() -> None:
    sys.stdout = None
    sys.stderr.close()


def make(size: int) -> bytes:
    return bytes(size)


def make_lock() -> object:
    return threading.Lock()


def tell() -> None:
    """Say our pid to the test."""
    with Path(os.environ["SAID"]).open("w") as said:
        said.write(f"{os.getpid()}\n")


def stay(seconds: float = 1000.0) -> None:
    tell()
    threading.Event().wait(seconds)


def peek() -> bool:
    return should_stop()


def ask_again() -> None:
    requeue()


def stay_until_asked(then: str = "") -> str:
    """At work until somebody wants us to stop; then a few words more."""
    should_stop()
    tell()
    while not should_stop():
        threading.Event().wait(0.01)
    say("a last word")
    if then == "again":
        requeue()
    if then == "stay":
        threading.Event().wait(1000.0)
    return "nobody wants this"


def stay_late() -> None:
    """At work for a while before the test hears of it."""
    threading.Event().wait(0.1)
    stay()


def leave_a_child() -> int:
    return os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})


def scribble() -> None:
    """Write nonsense over every file in memory that this process has."""
    for fd in range(3, 64):
        try:
            if "memfd" in Path(f"/proc/self/fd/{fd}").readlink().name:
                os.pwrite(fd, pickle.dumps("nonsense") * 1000, 0)
        except OSError:
            continue


def report_steps(steps: int) -> None:
    for step in range(steps):
        report(step=step, loss=1 / (step + 1))


def cwd_and_path() -> tuple[str, str]:
    return str(Path.cwd()), sys.path[0]


def nap(seconds: float) -> None:
    threading.Event().wait(seconds)


def dispatch(name: str, *arguments: object) -> object:
    """Calls of different functions in one frame."""
    return globals()[name](*arguments)


NOT_A_FUNCTION = 7
