"""The front door: a fleet and its work in, a report for each policy out."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from paceline.model.worker import Machine
from paceline.sim.engine import Engine, Pace
from paceline.sim.policy import Policy
from paceline.sim.report import Report, report
from paceline.sim.work import Batch, refuse_what_never_fits


def simulate(
    machines: Sequence[Machine],
    work: Sequence[Batch],
    policy: Policy,
    pace: Pace,
    done: Callable[[int], None] = lambda tasks: None,
) -> Report:
    """One run; ``done`` hears now and then of so many tasks that are.

    Raises UsageError for work that no machine could ever run.
    """
    refuse_what_never_fits(work, set(machines))
    engine = Engine(machines, work, policy, pace)
    with _calm_collector():
        return report(policy, engine.run(done))


def fill(work: Sequence[Batch], tasks: int) -> list[Batch]:
    """The same work again and again, one round after the other, until there are so many tasks; the last is cut."""
    rounds = -(-tasks // sum(batch.count for batch in work))
    last = max(batch.at for batch in work)
    length = last + last / len(work)  # as long after the last as they came after each other
    filled: list[Batch] = []
    for turn in range(rounds):
        for batch in work:
            count = min(batch.count, tasks)
            if count:
                filled.append(replace(batch, at=batch.at + turn * length, count=count))
            tasks -= count
    return filled


@contextmanager
def _calm_collector() -> Iterator[None]:
    """As the server has it (``server/app.py``): what a step costs includes no more collecting than it does there."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
