"""Programs: one attempt is one tree of processes, and ends when the tree is gone."""

import functools
import os
from collections.abc import Iterator, KeysView, Sequence
from dataclasses import dataclass, field

from paceline.executor import Began, Halt, Launch
from paceline.executors.end import End, Tell, Verdict, exit_text, sentence, timeout, unkillable
from paceline.executors.launch import Program
from paceline.executors.loop import Alarm, Loop, steady
from paceline.executors.reaper import Reaper, Tree
from paceline.model.errors import LaunchError
from paceline.model.task import Outcome

SOON = 0.005
"""Seconds after which a beginning is told; sooner only if the output files were there before, and hence where its own
begins is news."""


@dataclass(slots=True, eq=False, kw_only=True)
class Running:
    """An attempt that has begun. ``verdicts``: why we are ending it, first one first; none so long as it may run.
    ``alarms``: what is to happen if it runs on."""

    order: Launch
    tree: Tree
    began_at: float
    verdicts: list[Verdict] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def appends(self) -> bool:
        """Its output files were there before: where its own begins is news."""
        return bool(self.tree.started.out_start or self.tree.started.err_start)

    def began(self) -> Began:
        """The word for it."""
        order, started = self.order, self.tree.started
        return Began(
            key=order.key, out=order.out, err=order.err, out_start=started.out_start, err_start=started.err_start
        )


class Programs:
    """Every ``Launch`` of this supervisor."""

    def __init__(self, loop: Loop, reaper: Reaper, tell: Tell) -> None:
        self._loop = loop
        self._reaper = reaper
        self._tell = tell
        self._running: dict[str, Running] = {}

    def keys(self) -> KeysView[str]:
        """Attempts that have not ended, as they are at any moment."""
        return self._running.keys()

    def launch(self, order: Launch) -> None:
        """Start it; if that cannot be, its end is told at once."""
        program = Program(
            argv=order.argv, env=order.env, cwd=order.cwd, out=order.out, err=order.err, memory=order.memory
        )
        began_at = steady()
        try:
            tree = self._reaper.start(program, order.grace, functools.partial(self._gone, order.key))
        except LaunchError as error:
            self._tell([End(order.key, Outcome.LAUNCH, detail=sentence(error))])
            return
        running = self._running[order.key] = Running(order=order, tree=tree, began_at=began_at)
        if order.timeout:
            running.alarms.append(self._loop.at(began_at + order.timeout, functools.partial(self._expire, order)))
        if running.appends:
            self._announce(running)
        else:
            running.alarms.append(self._loop.at(began_at + SOON, functools.partial(self._announce, running)))

    def begun(self) -> Iterator[Began]:
        """All of them."""
        return (running.began() for running in self._running.values())

    def halt(self, order: Halt) -> bool:
        """End its tree. False: no such attempt."""
        if order.key not in self._running:
            return False
        self._end(order.key, Verdict(order.outcome, order.detail), order.grace)
        return True

    def _announce(self, running: Running) -> None:
        self._tell(running.began())

    def _expire(self, order: Launch) -> None:
        self._end(order.key, timeout(order.timeout), order.grace)

    def _end(self, key: str, verdict: Verdict, grace: float) -> None:
        running = self._running[key]
        if running.tree.root_lives:
            running.verdicts.append(verdict)
        self._reaper.end(running.tree, grace)

    def _gone(self, key: str, code: int, survivors: Sequence[int]) -> None:
        running = self._running.pop(key)
        for alarm in running.alarms:
            alarm.cancel()
        verdict = _verdict(running, code, survivors)
        seconds = steady() - running.began_at
        out_end, err_end = _length(running.order.out), _length(running.order.err)
        began = (running.began(),) if running.appends else ()
        self._tell([End(key, verdict.outcome, code, verdict.detail, seconds, out_end, err_end, began=began)])


def _verdict(running: Running, code: int, survivors: Sequence[int]) -> Verdict:
    if survivors:
        return unkillable(survivors)
    if running.verdicts:
        return running.verdicts[0]
    if code and running.tree.out_of_memory:
        return Verdict(Outcome.OOM, running.tree.out_of_memory)
    if code:
        return Verdict(Outcome.FAILED, exit_text(code, running.tree.largest))
    return Verdict(Outcome.SUCCEEDED, "")


def _length(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - thousands a second
    except FileNotFoundError:  # the program removed its own output
        return 0
