"""One call in the hands of one process: what of it is over, what is at work, and when that must end.

What the process's records say has ended has ended, however the process ended; the first key without a record is the
one at work. To end that one is to end the process; the keys behind it have not begun and are given back.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from paceline.executor import Began, Call, Halt, Unbegun
from paceline.executors.channel import SKIPPED
from paceline.executors.end import End, Tell, Verdict, exit_text, timeout, unkillable
from paceline.executors.loop import Loop, steady
from paceline.executors.reaper import Reaper
from paceline.executors.warm import Warm
from paceline.model.task import Outcome

SOON = 0.005
"""Seconds after which the beginning of a call's first task is told, if it has not ended before."""
LONG = 0.05
"""Seconds after which the beginning of any other task is told."""
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
        self._announced = -1  # the last key whose beginning was told
        self._sent_at = steady()
        self._since = 0.0  # when the key at work began; 0: the call was not taken up yet
        self._verdicts: dict[int, Verdict] = {}  # of keys that we end
        self._doomed = False  # we are ending the process
        self._alarm = desk.loop.at(self._sent_at + SOON, self.attend)

    def began(self) -> Began:
        """The word for the key at work."""
        return self._began(self._order.keys[self._told])

    def _began(self, key: str) -> Began:
        warm = self._warm
        out, err = str(warm.files.out), str(warm.files.err)
        return Began(key=key, out=out, err=err, out_start=warm.out_end, err_start=warm.err_end)

    # ── while it runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def attend(self) -> None:
        """The bell rang, or it is time: take in what was done, see to what is at work now."""
        self._alarm.cancel()
        self._take_in()
        if self._told == len(self._order.keys):
            if not self._doomed:
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
        if not records:
            return
        self._announce()
        ends = []
        keys = self._order.keys[self._told :]
        for key, (outcome, _, seconds, out_end, err_end, detail, result) in zip(keys, records, strict=False):
            if outcome == SKIPPED:
                outcome, detail = self._verdicts.get(self._told, DAMAGED)
            elif self._doomed and self._told in self._verdicts:  # it took TERM for a request, and came to an end
                (outcome, detail), result = self._verdicts[self._told], b""
            if key in self._open:  # else it was halted before its turn, and told so
                ends.append(End(key, outcome, 0, detail, seconds, out_end, err_end, result))
            self._told += 1
        _, self._since, _, out_end, err_end, _, _ = records[-1]
        wrote = (out_end, err_end) != (self._warm.out_end, self._warm.err_end)
        ends = list(self._traced(ends)) if wrote else ends
        self._warm.out_end, self._warm.err_end = out_end, err_end
        self._end(ends)

    def _traced(self, ends: Iterable[End]) -> Iterator[End]:
        """The same, each that left output with where that begins."""
        warm = self._warm
        for end in ends:
            left = end.out_end > warm.out_end or end.err_end > warm.err_end
            yield end._replace(began=(self._began(end.key),)) if left else end
            warm.out_end, warm.err_end = end.out_end, end.err_end

    def _announce(self) -> None:
        """Say that the key at work began, unless it is a short one inside its call."""
        if self._announced < 0 or (self._announced < self._told and steady() - self._since >= LONG):
            self._announced = self._told
            self._desk.tell(self.began())

    def _end(self, ends: list[End]) -> None:
        for end in ends:
            del self._open[end.key]
        self._desk.tell(ends)

    def _see_to(self, now: float) -> float:
        """The key at work: tell of it, or end it, when it is time. Returns when to look again."""
        if not self._since:
            if now - self._sent_at > BOOT:
                self.doom(NO_START, 0.0)
            return now + LONG
        age, limit = now - self._since, self._order.timeout
        if limit and age >= limit:
            self.doom(timeout(limit), self._order.grace)
        self._announce()
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
            self._end([End(order.key, verdict.outcome, detail=verdict.detail)])
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
            self._refuse(self._cause_of_no_start(code))
        elif head in self._open and (self._told in self._verdicts or (self._since and not self._doomed)):
            self._bury_head(head, self._cause(code, survivors), code)
        if self._open:
            self._desk.tell(Unbegun(keys=list(self._open)))

    def _cause_of_no_start(self, code: int) -> Verdict:
        if self._warm.tree.out_of_memory:
            return Verdict(Outcome.OOM, self._warm.tree.out_of_memory)
        why = self._warm.files.last_words() or exit_text(code, self._warm.tree.largest)
        return Verdict(Outcome.LAUNCH, f"its process could not start: {why}")

    def _refuse(self, cause: Verdict) -> None:
        outcome, why = cause
        out, err = self._warm.files.lengths()
        self._announce()
        first, *others = self._open
        head = End(first, outcome, 0, why, 0.0, out, err, began=(self._began(first),))
        self._end([head, *(End(key, outcome, 0, why) for key in others)])

    def _bury_head(self, key: str, cause: Verdict, code: int) -> None:
        out, err = self._warm.files.lengths()
        seconds = steady() - self._since if self._since else 0.0
        self._announce()
        self._end([End(key, cause.outcome, code, cause.detail, seconds, out, err, began=(self._began(key),))])

    def _cause(self, code: int, survivors: Sequence[int]) -> Verdict:
        if survivors:
            return unkillable(survivors)
        if self._told in self._verdicts:
            return self._verdicts[self._told]
        if self._warm.tree.out_of_memory:
            return Verdict(Outcome.OOM, self._warm.tree.out_of_memory)
        return Verdict(Outcome.FAILED, f"the function ended its process: {exit_text(code, self._warm.tree.largest)}")
