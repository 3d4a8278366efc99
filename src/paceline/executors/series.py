"""One launch: what of it is over and not told yet, what is at work, what waits for its turn.

The next program begins the moment that the one before it is gone, so that short ones need not wait for the agent in
between; and their ends are told together: with the last one's, with the beginning of one that takes longer, or a
moment after the first.
"""

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paceline.executor import Began, Halt, Launch
from paceline.executors.end import End, Tell, Verdict, exit_text, not_begun, sentence, timeout, unkillable
from paceline.executors.launch import Program
from paceline.executors.loop import Alarm, Loop, steady
from paceline.executors.reaper import Reaper, Tree
from paceline.model.errors import LaunchError
from paceline.model.task import Outcome

SOON = 0.005
"""Seconds after which a beginning is told; sooner only if the output files were there before, and hence where its own
begins is news."""
LATE = 0.02
"""Seconds after which an end is told, though others that began with it are still to come."""


@dataclass(slots=True, eq=False, kw_only=True)
class Running:
    """An attempt that has begun. ``verdicts``: why we are ending it, first one first; none so long as it may run.
    ``alarms``: what is to happen if it runs on."""

    key: str
    program: Program
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
        program, started = self.program, self.tree.started
        return Began(
            key=self.key, out=program.out, err=program.err, out_start=started.out_start, err_start=started.err_start
        )


class Series:
    """``begin`` starts the first; from then on it goes by itself."""

    def __init__(self, loop: Loop, reaper: Reaper, tell: Tell, order: Launch) -> None:
        self._loop = loop
        self._reaper = reaper
        self._tell = tell
        self._order = order
        self._waiting = dict(zip(order.keys, range(len(order.keys)), strict=True))
        self._at_work: list[Running] = []  # one or none
        self._ends: list[End] = []  # not told yet
        self._alarms: list[Alarm] = []  # when they must be
        self._found = ""  # the program

    def begun(self) -> Iterator[Began]:
        """The word for the one at work."""
        return (running.began() for running in self._at_work)

    def begin(self) -> None:
        """The next that can be started; what cannot ends here. With the last one all is told."""
        while self._waiting and not self._at_work:
            key = next(iter(self._waiting))
            self._start(key, self._waiting.pop(key))
        if not self._at_work:
            self._say()

    def halt(self, order: Halt) -> None:
        """End one of its keys. One that is over already is told as what it was."""
        if self._waiting.pop(order.key, -1) >= 0:
            self._tell([End(order.key, order.outcome, detail=order.detail)])
        for running in self._at_work:
            if running.key == order.key:
                self._end(running, Verdict(order.outcome, order.detail), order.grace)

    # ── one program ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, key: str, position: int) -> None:
        order = self._order
        program = Program(
            argv=order.argv,
            env={**order.env, **order.own[position]},
            cwd=order.cwds[position],
            out=order.outs[position],
            err=order.errs[position],
            memory=order.memory,
            found=self._found,
        )
        began_at = steady()
        try:
            tree = self._reaper.start(program, order.grace, self._gone)
        except LaunchError as error:
            self._enter(End(key, Outcome.LAUNCH, detail=sentence(error)))
            return
        except Exception as error:  # noqa: BLE001 - told: what we fail at must not take along all that runs here
            self._give_up([key, *self._waiting], error)
            return
        running = Running(key=key, program=program, tree=tree, began_at=began_at)
        self._at_work.append(running)
        self._found = tree.started.path
        if order.timeout:
            expire = functools.partial(self._end, running, timeout(order.timeout), order.grace)
            running.alarms.append(self._loop.at(began_at + order.timeout, expire))
        if running.appends:
            self._tell(running.began())
        else:
            running.alarms.append(self._loop.at(began_at + SOON, functools.partial(self._announce, running)))

    def _give_up(self, keys: Sequence[str], error: Exception) -> None:
        """The others would fare no better."""
        self._waiting.clear()
        self._say()
        self._tell(not_begun(keys, error))

    def _announce(self, running: Running) -> None:
        self._say()
        self._tell(running.began())

    def _end(self, running: Running, verdict: Verdict, grace: float) -> None:
        if running.tree.root_lives:
            running.verdicts.append(verdict)
        self._reaper.end(running.tree, grace)

    def _gone(self, code: int, survivors: Sequence[int]) -> None:
        running = self._at_work.pop()
        for alarm in running.alarms:
            alarm.cancel()
        verdict = _verdict(running, code, survivors)
        seconds = steady() - running.began_at
        out_end, err_end = _length(running.program.out), _length(running.program.err)
        began = (running.began(),) if running.appends else ()
        self._enter(End(running.key, verdict.outcome, code, verdict.detail, seconds, out_end, err_end, began=began))
        self.begin()

    # ── what is over ────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, end: End) -> None:
        if not self._ends:
            self._alarms.append(self._loop.after(LATE, self._say))
        self._ends.append(end)

    def _say(self) -> None:
        ends, self._ends = self._ends, []
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()
        if ends:
            self._tell(ends)


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
