"""What a simulation found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paceline.model.decision import BeatHeard, Welcome
from paceline.model.events import WorkerBeat, WorkerJoined
from paceline.sim.measure import Histogram
from paceline.sim.policy import Policy
from paceline.sim.tally import BEAT, Tally

_OF_WORKERS = {WorkerJoined, Welcome, WorkerBeat, BeatHeard}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How some values lie; seconds."""

    mean: float
    p50: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Times are seconds, shares lie in 0…1, ``memory`` is bytes. ``digest``: of every decision in its order."""

    policy: str
    workers: int
    jobs: int
    tasks: int
    makespan: float  # from the first submission to the last end
    waits: Spread  # of a task, from its submission to its start
    utilisation: Mapping[str, float]  # over the makespan: cpu, memory; gpu where there are any
    steps: int
    step: Spread  # CPU of the core
    cpu_per_task: float
    memory: int  # of the core's picture, when it was heaviest
    messages_per_task: float  # between server and workers, both ways, beats left out
    beats_per_second: float  # of all workers, with their answers
    words: Mapping[str, int]  # messages by their class
    digest: str
    series: Sequence[Sequence[float]]  # time, tasks waiting, shares of cpu, memory and devices in use


def report(policy: Policy, tally: Tally) -> Report:
    """The figures of one run."""
    makespan = max(tally.last_at - tally.first_at, 0.0)
    words = {kind.__name__: count for kind, count in sorted(tally.words.items(), key=lambda item: item[0].__name__)}
    said = sum(count for kind, count in tally.words.items() if kind not in _OF_WORKERS) - tally.jobs
    shares = zip(("cpu", "memory", "gpu"), tally.work, tally.capacity, strict=True)
    return Report(
        policy=policy.name,
        workers=tally.workers,
        jobs=tally.jobs,
        tasks=tally.ended,
        makespan=makespan,
        waits=_spread(tally.waits),
        utilisation={name: used / (most * makespan) for name, used, most in shares if most and makespan},
        steps=tally.steps.count,
        step=_spread(tally.steps),
        cpu_per_task=tally.steps.total / max(tally.ended, 1),
        memory=tally.heaviest,
        messages_per_task=said / max(tally.ended, 1),
        beats_per_second=2 * tally.workers / BEAT,
        words=words,
        digest=tally.digest,
        series=tally.series.rows,
    )


def _spread(values: Histogram) -> Spread:
    return Spread(
        mean=values.mean(),
        p50=values.quantile(0.5),
        p90=values.quantile(0.9),
        p99=values.quantile(0.99),
        most=values.largest,
    )
