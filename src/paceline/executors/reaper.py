"""The parent of all user processes: starts them, ends them, and knows when a whole tree is gone.

We are a *sub-reaper*: a process whose parent dies becomes our child. Hence, once the first process of a tree (its
*root*) has died, whatever is left of the tree descends from a child of ours that we did not start, a *stray*. So the
common case, a program that leaves nothing behind, costs one look at how many children we have.

Whose a stray is, is told by the mark in its environment, or its session, or by having been seen in a tree before. If
none of that helps, all trees of that moment are suspects, and it goes with the last of them.

    RUNS ──end──▶ ASKED (TERM to all) ──grace──▶ KILLED (KILL until nothing is left) ──patience──▶ given up
      └── root died, strays left ──▶ ASKED                    at any time: root dead, no strays ──▶ gone
"""

import ctypes
import functools
import itertools
import math
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import TypeAlias

from paceline.executors.launch import Program, Started, start
from paceline.executors.loop import Loop, steady
from paceline.executors.memory import Cell, Cells
from paceline.executors.roster import Roster
from paceline.executors.tree import Process, children, families, look, send, variable
from paceline.model.errors import LaunchError

MARK = "PACELINE_SUPERVISOR"
"""Variable of every process we start: ``<our directory's name>:<number of the tree>``."""
PATIENCE = 60.0
"""Seconds after the first KILL until we give up on what is still there."""

Gone: TypeAlias = Callable[[int, Sequence[int]], None]
"""Called once per tree: the root's exit code (or minus its signal), and the pids that would not die."""

_AGAIN = 0.05  # seconds between KILLs, for those born meanwhile
_REMIND = 0.1  # seconds between the TERMs to what outlives its root
_PR_SET_CHILD_SUBREAPER = 36


class Phase(Enum):
    """How far the end of a tree is."""

    RUNS = auto()
    ASKED = auto()
    KILLED = auto()


@dataclass(slots=True, eq=False, kw_only=True)
class Tree:
    """A root and all that came of it."""

    number: int
    started: Started
    slot: int
    grace: float  # seconds between TERM and KILL for what outlives the root
    gone: Gone
    cell: Cell
    phase: Phase = Phase.RUNS
    root_lives: bool = True
    code: int = 0
    out_of_memory: str = ""  # how it ran out of it, once it is gone
    largest: int = 0  # bytes that the root, or a child it waited for, occupied at most
    seen: dict[int, Process] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)  # pids among the seen that had their TERM
    reminded: bool = False
    kill_at: float = math.inf
    give_up_at: float = math.inf

    @property
    def pid(self) -> int:
        return self.started.pid


def adopt_orphans() -> None:
    """Make this process a sub-reaper. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a sub-reaper")


class Reaper:
    """One per process, and nobody else there may wait for children."""

    def __init__(self, loop: Loop, name: str, roster: Path, cells: Cells, *, patience: float = PATIENCE) -> None:
        self._loop = loop
        self._cells = cells
        self._name = name
        self._roster = Roster(roster)
        self._patience = patience
        self._numbers = itertools.count(1)
        self._trees: dict[int, Tree] = {}
        self._roots: dict[int, Tree] = {}  # by pid, so long as they live
        self._closing: dict[int, Tree] = {}  # root dead, but perhaps not all
        self._strays: dict[int, set[int]] = {}  # pid → numbers of the trees it may belong to

    @property
    def empty(self) -> bool:
        """Nothing of ours is left."""
        return not self._trees

    def start(self, program: Program, grace: float, gone: Gone) -> Tree:
        """Raises LaunchError, or OSError if its output finds no place."""
        number = next(self._numbers)
        mark = {MARK: f"{self._name}:{number}"}
        cell = self._cells.make(number, program.memory)
        try:
            with cell.inside():
                started = start(program, mark)
        except (LaunchError, OSError):
            cell.close()
            raise
        slot = self._roster.enter(started.pid)
        tree = Tree(number=number, started=started, slot=slot, grace=grace, gone=gone, cell=cell)
        self._trees[number] = self._roots[started.pid] = tree
        cell.hold(functools.partial(self._members, tree), functools.partial(self.end, tree, 0.0))
        return tree

    def end(self, tree: Tree, grace: float) -> None:
        """TERM now, KILL after ``grace`` seconds (0: at once). Repeated, it can only hasten the end."""
        if tree.number not in self._trees or tree.phase is Phase.KILLED:
            return
        tree.phase = Phase.ASKED
        if grace <= 0:
            self._kill(tree)
            return
        self._ask(tree)
        tree.kill_at = min(tree.kill_at, steady() + grace)
        self._loop.at(tree.kill_at, functools.partial(self._kill, tree))

    def collect(self) -> None:
        """Children died (SIGCHLD): take notice of every one, and of trees that are gone with them."""
        for pid, status, largest in _dead():
            self._strays.pop(pid, None)
            if tree := self._roots.pop(pid, None):
                tree.root_lives = False
                tree.code = os.waitstatus_to_exitcode(status)
                tree.largest = largest
                self._closing[tree.number] = tree
        if self._closing:
            self._close()

    def _close(self) -> None:
        self._adopt()
        for tree in list(self._closing.values()):
            if not self._left(tree):
                self._finish(tree, ())
            elif tree.phase is Phase.KILLED:
                self._strike(tree)
            else:
                self._ask_rest(tree)

    def _ask_rest(self, tree: Tree) -> None:
        """What outlived its root. It is asked twice: a TERM between a shell's fork and exec reaches nobody."""
        if not tree.reminded:
            tree.reminded = True
            self._loop.after(_REMIND, functools.partial(self._remind, tree))
        if tree.phase is Phase.RUNS:
            self.end(tree, tree.grace)
        else:
            self._ask(tree)

    def _remind(self, tree: Tree) -> None:
        if tree.number in self._trees and tree.phase is Phase.ASKED:
            tree.asked.clear()
            self._ask(tree)

    def _finish(self, tree: Tree, survivors: Sequence[int]) -> None:
        del self._trees[tree.number]
        self._roots.pop(tree.pid, None)
        self._closing.pop(tree.number, None)
        self._roster.leave(tree.slot)
        for owners in self._strays.values():
            owners.discard(tree.number)
        tree.out_of_memory = tree.cell.close()
        tree.gone(tree.code, survivors)

    def _ask(self, tree: Tree) -> None:
        for process in self._members(tree):
            if process.pid not in tree.asked or not _same(tree.seen[process.pid], process):
                send(process, signal.SIGTERM, signal.SIGCONT)
            tree.seen[process.pid] = process
            tree.asked.add(process.pid)

    def _kill(self, tree: Tree) -> None:
        if tree.number in self._trees and tree.phase is Phase.ASKED:
            tree.phase = Phase.KILLED
            tree.give_up_at = steady() + self._patience
            self._insist(tree)

    def _insist(self, tree: Tree) -> None:
        if tree.number not in self._trees:
            return
        self._strike(tree)
        survivors = [process.pid for process in self._members(tree)] if steady() >= tree.give_up_at else []
        if survivors:
            self._finish(tree, survivors)
        else:
            self._loop.after(_AGAIN, functools.partial(self._insist, tree))

    def _strike(self, tree: Tree) -> None:
        tree.cell.kill()
        for process in self._members(tree):
            tree.seen[process.pid] = process
            send(process, signal.SIGKILL)

    def _members(self, tree: Tree) -> list[Process]:
        self._adopt()
        return families([tree.pid, *self._left(tree)] if tree.root_lives else self._left(tree))

    def _left(self, tree: Tree) -> list[int]:
        """Strays that can only be this tree's."""
        return [pid for pid, owners in self._strays.items() if owners == {tree.number}]

    def _adopt(self) -> None:
        mine = children(os.getpid())
        if len(mine) == len(self._roots) + len(self._strays):
            return  # both are among them until they are waited for
        for pid in mine:
            if pid not in self._roots and pid not in self._strays:
                self._strays[pid] = self._owners(pid)

    def _owners(self, pid: int) -> set[int]:
        name, _, number = variable(pid, MARK.encode()).decode(errors="replace").rpartition(":")
        if name == self._name and number.isdigit():
            return {int(number)} & self._trees.keys()
        process = look(pid)
        for tree in self._trees.values():
            if process and (process.session == tree.pid or _same(tree.seen.get(pid), process)):
                return {tree.number}
        return set(self._trees)


def _same(one: Process | None, other: Process) -> bool:
    return one is not None and one.started == other.started


def _dead() -> Iterator[tuple[int, int, int]]:
    """(pid, status, bytes it occupied at most) of every child that died, whoever it was."""
    try:
        while True:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            yield pid, status, used.ru_maxrss << 10
    except ChildProcessError:
        return
