"""Death and disk errors at a certain system call, by ``strace -e inject``: at the N-th fsync, write, rename or send.

So a process can be killed exactly between two steps of what it makes durable, in C code as in Python, without any
preparation of its own. ``inject`` kills *before* the call is carried out; the call after it is killed at by N + 1.
"""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from paceline.executors.tree import ZOMBIE, everyone, look, send
from tests.system.chaos.processes import words_of

POINTS = {
    "server": ("sendmsg", "sendto", "write"),
    "keeper": ("fdatasync", "pwrite64", "sendto"),
    "agent": ("pwrite64", "sendto", "rename", "ftruncate", "sendmsg"),
    "supervisor": ("sendto", "pwrite64", "wait4", "vfork", "clone3", "openat", "pidfd_send_signal"),
}
"""Calls at which a process commits to something, by who it is. Where it makes no such call, it is not killed there."""

START_POINTS = ("rename", "fsync", "fdatasync", "pwrite64", "ftruncate", "flock", "unlink", "listen")
"""The same, while it starts."""
DETACHING = 3.0
"""Seconds for a tracer to leave what it traces."""


def missing() -> str:
    """Why this cannot be done; empty: it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False, text=True)
    return tried.stderr.strip().partition("\n")[0] if tried.returncode else ""


def words(calls: Sequence[str], effect: str, nth: int | str, log: str = "/dev/null") -> list[str]:
    """``strace`` with this injected: ``signal=KILL``, ``error=EIO``, ``delay_enter=100000``."""
    named = ",".join(f"?{call}" for call in calls)
    return [
        *("strace", "-f", "-qq", "-o", log),
        *("-e", f"trace={named}", "-e", f"inject={named}:{effect}:when={nth}"),
    ]


def launcher(calls: Sequence[str], nth: int, log: Path) -> list[str]:
    """What to put before a program that is to die at its N-th of these calls. The program stays the caller's child."""
    return [*words(calls, "signal=KILL", nth, str(log)), "-D", "--seccomp-bpf", "--"]


def let_go(log: Path) -> None:
    """Of whatever a launched program began before it died: the tracer would go on with that."""
    for process in everyone():
        command = words_of(process.pid)
        if command[:1] == ["strace"] and str(log) in command:
            send(process, signal.SIGINT)


@contextmanager
def injected(pid: int, calls: Sequence[str], effect: str, nth: int | str) -> Iterator[None]:
    """The same while inside, from the first call on."""
    with subprocess.Popen([*words(calls, effect, nth), "-p", str(pid)], stderr=subprocess.DEVNULL) as tracer:
        while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
            assert tracer.poll() is None, "strace could not attach"
        yield
        tracer.send_signal(signal.SIGINT)


async def inject(pid: int, calls: Sequence[str], effect: str, nth: int | str, seconds: float) -> bool:
    """On a process that runs already, until it ends or so many seconds passed. True: it ended."""
    tracer = await asyncio.create_subprocess_exec(
        *words(calls, effect, nth), "-p", str(pid), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(seconds):
            await tracer.wait()
    except TimeoutError:
        pass
    finally:
        await _let_go(tracer)
    found = look(pid)
    return found is None or found.state in ZOMBIE


async def _let_go(tracer: asyncio.subprocess.Process) -> None:
    """Leave all that it traces. It cannot while it holds the child of a ``vfork`` whose parent it wants to stop first;
    then it is killed, and what it had stopped goes on."""
    with suppress(ProcessLookupError):
        tracer.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(tracer.wait(), DETACHING)
        except TimeoutError:
            held = [process for process in everyone() if _tracer(process.pid) == tracer.pid]
            tracer.kill()
            await tracer.wait()
            for process in held:
                send(process, signal.SIGCONT)


def _tracer(pid: int) -> int:
    try:
        _, _, rest = Path(f"/proc/{pid}/status").read_text().partition("TracerPid:")
    except OSError:
        return 0
    return int(rest.split(maxsplit=1)[0])
