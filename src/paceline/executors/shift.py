"""One call in the hands of one process: what of it is over, what is at work, and when that must end.

What the process's records say has ended has ended, however the process ended; the first key without a record is the
one at work. To end that one is to end the process; the keys behind it have not begun and are given back.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from paceline.executor import Began, Call, Halt, Unbegun
from paceline.executors.channel import SKIPPED, Record
from paceline.executors.end import End, Tell, Verdict, exit_text, timeout, unkillable
from paceline.executors.loop import Loop, steady
from paceline.executors.reaper import Reaper
from paceline.executors.warm import Warm
from paceline.model.task import Outcome

LONG = 0.05
"""Seconds a task must have been at work for its beginning to be told, unless it is the first of its call."""
BOOT = 120.0
"""Seconds for a process to start and take up its first call."""

DAMAGED = Verdict(Outcome.FAILED, "the function damaged memory that its process shares with Paceline")
DEAF = Verdict(Outcome.FAILED, "the function closed files of its process, among them its connection to Paceline")
NO_START = Verdict(Outcome.LAUNCH, f"its process did not come up within {BOOT:g} s")


class Desk(NamedTuple):
    """What a shift works with."""

    loop: Loop
    reaper: Reaper
    tell: Tell
    over: Callable[[Warm], None]  # every key has ended, and the process is free


class Shift:
    """Begins when the call was given to the process."""

    def __init__(self, desk: Desk, warm: Warm, order: Call) -> None:
        self._desk = desk
        self._warm = warm
        self._order = order
        self._open = dict.fromkeys(order.keys)  # not told as ended
        self._told = 0  # keys that are over; the next one is at work
        self._announced = 0  # the last key whose beginning was told
        self._sent_at = steady()
        self._since = 0.0  # when the key at work began; 0: the call was not taken up yet
        self._verdicts: dict[int, Verdict] = {}  # of keys that we end
        self._doomed = False  # we are ending the process
        self._alarm = desk.loop.at(self._sent_at + LONG, self.attend)
        desk.tell(self.began())

    def began(self) -> Began:
        """The word for the key at work."""
        files = self._warm.files
        return Began(
            key=self._order.keys[self._told],
            out=str(files.out),
            err=str(files.err),
            out_start=self._warm.out_end,
            err_start=self._warm.err_end,
        )

    # ── while it runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def attend(self) -> None:
        """The bell rang, or it is time: take in what was done, see to what is at work now."""
        self._alarm.cancel()
        self._take_in()
        if self._told == len(self._order.keys):
            self._desk.over(self._warm)
            return
        if self._warm.broken:
            self.doom(DAMAGED, 0.0)
        due = self._see_to(steady())
        if due < math.inf:
            self._alarm = self._desk.loop.at(due, self.attend)

    def _take_in(self) -> None:
        records = self._warm.records()
        self._since = self._since or self._warm.began_at()
        for record in records:
            self._close(self._order.keys[self._told], record)
            self._told += 1
            self._since = record.ended_at
            self._warm.out_end, self._warm.err_end = record.out_end, record.err_end

    def _close(self, key: str, record: Record) -> None:
        if key not in self._open:
            return  # halted before its turn, and told so
        outcome, ended_at, seconds, out_end, err_end, detail, result = record
        if outcome == SKIPPED:
            outcome, detail = self._verdicts[self._told]
        self._end(End(key, outcome, 0, detail, seconds, out_end, err_end, result))

    def _end(self, end: End) -> None:
        del self._open[end.key]
        self._desk.tell(end)

    def _see_to(self, now: float) -> float:
        """The key at work: tell of it, or end it, when it is time. Returns when to look again."""
        if not self._since:
            if now - self._sent_at > BOOT:
                self.doom(NO_START, 0.0)
            return now + LONG
        age, limit = now - self._since, self._order.timeout
        if limit and age >= limit:
            self.doom(timeout(limit), self._order.grace)
        if age >= LONG and self._announced < self._told:
            self._announced = self._told
            self._desk.tell(self.began())
        last = self._told == self._announced == len(self._order.keys) - 1
        look = math.inf if last or age >= LONG else self._since + LONG
        return min(look, self._since + limit if limit and not self._doomed else math.inf)

    # ── ending ────────────────────────────────────────────────────────────────────────────────────────────────────

    def halt(self, order: Halt) -> None:
        """End one of its keys."""
        index = self._order.keys.index(order.key)
        verdict = self._verdicts.setdefault(index, Verdict(order.outcome, order.detail))
        self._warm.skip(index)  # first this, then look: what has not begun when we look will not begin
        self.attend()
        if order.key not in self._open:
            return
        if index > self._told or not self._since:
            self._end(End(order.key, verdict.outcome, detail=verdict.detail))
        else:
            self.doom(verdict, order.grace)

    def doom(self, verdict: Verdict, grace: float) -> None:
        """End the process for the sake of the key at work."""
        self._verdicts.setdefault(self._told, verdict)
        self._doomed = True
        self._desk.reaper.end(self._warm.tree, grace)

    def bury(self, code: int, survivors: Sequence[int]) -> None:
        """The process is gone: the key at work ends with it, those behind it have not begun."""
        self._alarm.cancel()
        self._take_in()
        head = self._order.keys[self._told] if self._told < len(self._order.keys) else ""
        if not self._warm.up and not self._doomed:
            self._refuse(f"its process could not start, {exit_text(code)}: {self._warm.files.last_words()}")
        elif head in self._open and (self._told in self._verdicts or (self._since and not self._doomed)):
            self._bury_head(head, self._cause(code, survivors), code)
        if self._open:
            self._desk.tell(Unbegun(keys=list(self._open)))

    def _refuse(self, why: str) -> None:
        for key in list(self._open):
            self._end(End(key, Outcome.LAUNCH, detail=why))

    def _bury_head(self, key: str, cause: Verdict, code: int) -> None:
        out, err = self._warm.files.lengths()
        seconds = steady() - self._since if self._since else 0.0
        self._end(End(key, cause.outcome, code, cause.detail, seconds, out, err))

    def _cause(self, code: int, survivors: Sequence[int]) -> Verdict:
        if survivors:
            return unkillable(survivors)
        if self._told in self._verdicts:
            return self._verdicts[self._told]
        return Verdict(Outcome.FAILED, f"the function ended its process: {exit_text(code)}")
