"""Many stories, one after the other or on several processors, and what happened in all of them together."""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from tests.simulation.faults import Fault
from tests.simulation.story import Story

SHARE = 100
"""Seeds that a process takes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of some seeds. ``failed``: of each that failed, what it says."""

    seeds: int
    faults: Counter[Fault]
    decisions: int
    failed: dict[int, str]

    def __add__(self, other: "Result") -> "Result":
        return Result(
            seeds=self.seeds + other.seeds,
            faults=self.faults + other.faults,
            decisions=self.decisions + other.decisions,
            failed=self.failed | other.failed,
        )


NOTHING = Result(seeds=0, faults=Counter(), decisions=0, failed={})


def run(seeds: Iterable[int]) -> Result:
    """All of them, whatever becomes of one."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)  # a story leaves little garbage behind before it ends
    try:
        return _run(seeds)
    finally:
        gc.set_threshold(*usual)


def _run(seeds: Iterable[int]) -> Result:
    total = NOTHING
    for seed in seeds:
        story = Story(seed)
        failed = {}
        try:
            story.run()
        except Exception as error:  # noqa: BLE001 - recorded: it is what a seed is run for
            failed[seed] = "\n".join([f"seed {seed}: {error}", *getattr(error, "__notes__", ())])
        decisions = sum(len(server.steps) for server in story.servers.all)
        total += Result(seeds=1, faults=story.weather.counts, decisions=decisions, failed=failed)
    return total


def run_on(processes: int, seeds: range) -> Iterator[Result]:
    """The same on so many processors, a share at a time, in no particular order."""
    shares = [seeds[start : start + SHARE] for start in range(0, len(seeds), SHARE)]
    with ProcessPoolExecutor(processes) as pool:
        for share in as_completed([pool.submit(run, share) for share in shares]):
            yield share.result()
