"""The supervisor put together: words of the agent in, starts and ends of processes out.

It leaves when it is told to retire and nothing runs; or when nothing runs, no agent was here for a while, and no end
waits for one that could still use it; or when no agent can find it any more.
"""

import gc
import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator, KeysView, Sequence
from functools import partial

from paceline.executor import (
    Began,
    Call,
    Executor,
    Halt,
    Holds,
    Launch,
    Lease,
    Retire,
    Settle,
    Unbegun,
    Word,
)
from paceline.executors.bodies import Bodies
from paceline.executors.end import End, News, not_begun
from paceline.executors.function import Functions
from paceline.executors.loop import Loop, steady
from paceline.executors.memory import Cells
from paceline.executors.process import Programs
from paceline.executors.reaper import Reaper, adopt_orphans
from paceline.model.task import Outcome
from paceline.supervisor.lease import Lease as Term
from paceline.supervisor.ledger import Ledger
from paceline.supervisor.link import Link
from paceline.supervisor.options import Options
from paceline.supervisor.place import Occupied, Place
from paceline.supervisor.reports import Reports
from paceline.supervisor.signals import Signals

_GARBAGE = 50_000
"""Allocations between two searches for garbage; we make next to none, but handle many small values."""
_GRACE = 10.0
"""Seconds between TERM and KILL for all that runs when we are told to stop by a signal."""


def run(options: Options) -> int:
    """Blocks until there is nothing left to do. Returns the exit code."""
    _open_standard_files()
    try:
        place = Place(options)
        supervisor = Supervisor(options, place)
    except (Occupied, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    os.chdir("/")
    adopt_orphans()
    sys.stdout.write(f"supervisor {os.getpid()} listens in {options.directory}\n")
    sys.stdout.flush()
    supervisor.serve()
    place.leave()
    return 0


def _open_standard_files() -> None:
    """A file of ours with the number of a program's standard output would be overwritten when it starts."""
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(spare)


class Supervisor:
    """One thread; ``serve`` runs it."""

    def __init__(self, options: Options, place: Place) -> None:
        self._options = options
        self._place = place
        self._loop = Loop()
        self._signals = Signals((signal.SIGCHLD, signal.SIGTERM, signal.SIGINT))
        cells = Cells(self._loop, options.name, options.groups, options.proc)
        self._reaper = Reaper(self._loop, options.name, options.roster, cells, patience=options.patience)
        self._programs = Programs(self._loop, self._reaper, self._tell)
        self._functions = Functions(self._loop, self._reaper, Bodies(options.bodies), self._tell)
        self._executors: tuple[Executor, ...] = (self._programs, self._functions)
        self._ledger = Ledger()
        self._link = Link(
            self._loop, place.listener, came=self._on_agent, heard=self._on_word, left=self._on_agent_left
        )
        self._reports = Reports(self._loop, place.reports, self._runs, self._link.say)
        self._term = Term(self._loop, self._on_lease_over)
        self._alone_since = steady()
        self._alone = self._loop.after(options.idle, self._on_alone)
        self._retiring = False
        self._loop.read(self._signals.fileno(), self._on_signals)
        self._loop.read(place.reports.fileno(), self._reports.drain)

    def serve(self) -> None:
        """Until there is nothing left to do."""
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        while not self._done():
            self._loop.turn()
            self._flush()
        self._functions.dismiss()
        while not self._reaper.empty:
            self._loop.turn()
        self._link.close()

    def _done(self) -> bool:
        if any(executor.keys() for executor in self._executors):
            return False
        if self._retiring:
            return not (self._link.connected and len(self._ledger))
        forlorn = not self._link.connected and steady() >= self._alone_since + self._options.idle
        return forlorn and (not len(self._ledger) or self._term.over)

    def _flush(self) -> None:
        """What happened in this turn, in as few words as possible."""
        self._say_ends()
        self._link.flush()

    def _say_ends(self) -> None:
        """An attempt's last report goes before its end."""
        unsaid = self._ledger.unsaid()
        if unsaid:
            self._reports.drain()
            self._reports.finish(unsaid)
            for word in self._ledger.words():
                self._link.say(word)

    def _runs(self, key: str) -> bool:
        return not all(keys.isdisjoint((key,)) for keys in self._known())

    def _known(self) -> Iterator[KeysView[str]]:
        """Keys that have not ended, and keys whose ends are not settled."""
        yield self._ledger.keys()
        for executor in self._executors:
            yield executor.keys()

    # ── from the executors ────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, news: News) -> None:
        if isinstance(news, list):
            self._ledger.enter(news)
        elif isinstance(news, Unbegun) and not self._link.connected:  # the next agent must hear of it: ends are kept
            detail = "its process died before its turn"
            self._ledger.enter([End(key, Outcome.RETURNED, detail=detail) for key in news.keys])
        else:
            if not isinstance(news, Began) or news.out_start or news.err_start:  # its process may have ended others
                self._say_ends()
            self._link.say(news)

    # ── from the agent ────────────────────────────────────────────────────────────────────────────────────────────

    def _on_agent(self) -> None:
        keys = itertools.chain.from_iterable(executor.keys() for executor in self._executors)
        self._link.say(Holds(pid=os.getpid(), keys=list(keys)))
        self._ledger.say_again()
        self._say_ends()
        for executor in self._executors:
            for began in executor.begun():
                self._link.say(began)
        self._alone.cancel()

    def _on_agent_left(self) -> None:
        self._alone_since = steady()
        self._alone = self._loop.after(self._options.idle, self._on_alone)

    def _on_alone(self) -> None:
        """No agent for a while, again."""
        if not self._place.reachable():
            self._retiring = True
            self._halt_all(Outcome.LOST, "no agent can find the supervisor: its directory is gone", _GRACE)
        self._alone = self._loop.after(self._options.idle, self._on_alone)

    def _on_word(self, word: Word) -> None:
        match word:
            case Launch():
                self._begin(word.keys, partial(self._programs.launch, word))
            case Call():
                self._begin(word.keys, partial(self._functions.call, word))
            case Halt():
                if not self._programs.halt(word):
                    self._functions.halt(word)
            case Settle():
                self._ledger.settle(word.keys)
            case Lease():
                self._term.renew(word.seconds)
            case Retire():
                self._retiring = True
            case _:
                pass  # a word of our own

    def _begin(self, keys: Sequence[str], begin: Callable[[], None]) -> None:
        if not self._may_begin(keys):
            return
        try:
            begin()
        except Exception as error:  # noqa: BLE001 - one order we fail at must not take along all that runs here
            self._tell(not_begun(keys, error))

    def _may_begin(self, keys: Sequence[str]) -> bool:
        """False: no lease, or they are here already; what becomes of them is said in any case."""
        if not all(known.isdisjoint(keys) for known in self._known()):
            self._ledger.say_again(keys)
            return False
        if self._term.over:
            self._tell([End(key, Outcome.INTERRUPTED, detail="the worker's lease had run out") for key in keys])
        return not self._term.over

    # ── by themselves ─────────────────────────────────────────────────────────────────────────────────────────────

    def _on_signals(self) -> None:
        come = self._signals.come()
        if signal.SIGCHLD in come:
            self._reaper.collect()
        if come & {signal.SIGTERM, signal.SIGINT}:
            self._retiring = True
            self._halt_all(Outcome.INTERRUPTED, "the worker's supervisor was told to stop", _GRACE)

    def _on_lease_over(self) -> None:
        """INTERRUPTED, for we live: should the server still ask, nobody died of what is ended here."""
        self._halt_all(Outcome.INTERRUPTED, "the worker's lease ran out: no word from the server", 0.0)

    def _halt_all(self, outcome: Outcome, detail: str, grace: float) -> None:
        for executor in self._executors:
            for key in list(executor.keys()):
                executor.halt(Halt(key=key, outcome=outcome, detail=detail, grace=grace))
