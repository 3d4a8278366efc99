"""A warm process: takes calls, runs the user's code, says how every task ended. Started as

    python -P -m paceline.executors.pool_child BELL CALLS

with its standard output and error already in files of its own, which are never truncated: so a task's output is what
lies between two positions. ``BELL`` and ``CALLS`` are the files of ``channel``.

The user's code shares this process, and may do anything to it. Hence: our files are not inherited by what it starts;
positions are taken by files it does not know; a fork of it that comes back here ends; and whatever else it breaks
shows in the end of the process.
"""

import ctypes
import faulthandler
import functools
import os
import socket
import sys
from pathlib import Path
from typing import TextIO

from paceline import config, kinds
from paceline.executors.channel import SIZE, SKIPPED, Call, Callee, Task
from paceline.executors.loop import steady
from paceline.executors.user_code import Bound, Said, Unusable, Work, bind, use

SHORT = 0.001
"""Seconds of a task below which its end may wait for the others of its call."""
FUNCTIONS = 128
"""Functions that are kept loaded."""


class Output:
    """How far the standard files have come."""

    def __init__(self) -> None:
        self._out, self._err = (os.dup(fd) for fd in (1, 2))
        self._stdout, self._stderr = sys.stdout, sys.stderr
        self._flush_c = ctypes.PyDLL(None).fflush
        self._flush_c.argtypes = [ctypes.c_void_p]

    def positions(self) -> tuple[int, int]:
        """Of all that was printed up to now, by Python or C."""
        if sys.stdout is self._stdout and sys.stderr is self._stderr:
            _flush(self._stdout, self._stderr)
        else:  # the function put others there
            _flush(self._stdout)
            _flush(self._stderr)
            _flush(sys.stdout)
            _flush(sys.stderr)
        self._flush_c(None)
        return os.lseek(self._out, 0, os.SEEK_END), os.lseek(self._err, 0, os.SEEK_END)


def _flush(*streams: TextIO) -> None:
    try:
        for stream in streams:
            stream.flush()
    except (AttributeError, OSError, ValueError):  # the function closed it, or it is no stream at all
        return


class Child:
    """The loop of a warm process."""

    def __init__(self, bell: socket.socket, calls: Callee) -> None:
        self._bell = bell
        self._calls = calls
        self._output = Output()
        self._pid = os.getpid()
        self._reports = config.variable("REPORTS")
        self._enter = kinds.load("paceline.train.session:enter")
        self._leave = kinds.load("paceline.train.session:leave")
        self._asked_to_stop = kinds.load("paceline.train.term:asked")

    def serve(self) -> None:
        """Until nobody calls any more, or a function that took TERM for a request has come to its end."""
        started = False
        while size := self._bell.recv(SIZE.size, socket.MSG_WAITALL):
            call = self._calls.read(*SIZE.unpack(size))
            self._calls.begin(steady())
            if not started:
                self._bell.send(b".")  # starting took long enough to be waited for
            started = True
            self._run(call)
            if self._asked_to_stop():
                return
            self._leave()

    def _run(self, call: Call) -> None:
        work = _work(call.task._replace(trace=""))
        began_at = steady()
        for index, key in enumerate(call.keys):
            said = (
                Said(SKIPPED)
                if self._calls.to_skip(index)
                else self._task(work, (key, call.task.trace), call.payloads[index])
            )
            out, err = self._output.positions()
            ended_at = steady()
            outcome, detail, result = said
            self._calls.finish((outcome, ended_at, ended_at - began_at, out, err, detail, result))
            if ended_at - began_at > SHORT or index == len(call.keys) - 1:
                self._bell.send(b".")
            if self._asked_to_stop():
                return
            began_at = ended_at

    def _task(self, work: Work, who: tuple[str, str], payload: bytes) -> Said:
        key, trace = who
        self._enter(key, self._reports, trace)
        said = work(payload)
        if os.getpid() != self._pid:  # the function forked, and this is the copy
            os._exit(0)
        return said


def _work(task: Task) -> Work:
    try:
        bound = _bound(task)
    except Unusable as unusable:  # this time: a module may be there the next time
        said = unusable.said
        return lambda payload: said
    use(bound.paths)
    return bound.work


@functools.lru_cache(FUNCTIONS)
def _bound(task: Task) -> Bound:
    return bind(task.kind, Path(task.body).read_bytes())


def main(arguments: list[str]) -> None:
    """Serve, and leave."""
    bell, calls = map(int, arguments)
    os.set_inheritable(bell, False)  # noqa: FBT003 - the function's own parameter
    os.set_inheritable(calls, False)  # noqa: FBT003
    sys.path.insert(0, "")  # as in any interpreter: the directory it works in
    sys.argv = [""]
    faulthandler.enable()
    Child(socket.socket(fileno=bell), Callee(calls)).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
