"""What a simulated user submits."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from paceline.core.worker import Worker
from paceline.grammar import format_count, format_gpu, format_size
from paceline.model.errors import UsageError
from paceline.model.ids import WorkerId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.resources import WHOLE, Need
from paceline.model.worker import Machine
from paceline.sim.duration import Duration

_NOTHING = Spec(kind="simulate", body=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One job: ``count`` like tasks, submitted ``at`` seconds after the beginning. ``origin``: where it is written."""

    at: float
    name: str
    count: int
    needs: tuple[Need, ...]
    duration: Duration
    priority: int = 0
    limit: int = 0
    origin: str = ""

    def spec(self, *, by_priority: bool = True) -> JobSpec:
        """As the core is told."""
        return JobSpec(
            name=self.name,
            run=_NOTHING,
            ranges=(Range(start=0, stop=self.count),),
            needs=self.needs,
            priority=self.priority if by_priority else 0,
            limit=self.limit,
        )


def refuse_what_never_fits(work: Sequence[Batch], machines: Set[Machine]) -> None:
    """Raises UsageError naming the first batch that no machine could ever run: the simulation would never end."""
    empty = []
    for machine in machines:
        worker = Worker(WorkerId(1), "simulated")
        worker.introduce(machine)
        empty.append(worker)
    known: set[tuple[Need, ...]] = set()
    for batch in work:
        if batch.needs not in known and not any(worker.allows(need) for worker in empty for need in batch.needs):
            largest = max(machines, key=lambda machine: machine.capacity.cpu).capacity
            raise UsageError(
                f"{batch.origin or batch.name}: no worker could ever run a task that needs {_told(batch.needs[0])}",
                hint=f"the largest has {largest.cpu // WHOLE} cpus and {format_size(largest.memory)}; add larger ones:"
                " --workers COUNTxCPUS:MEMORY:GPU",
            )
        known.add(batch.needs)


def _told(need: Need) -> str:
    parts = [f"{format_count(need.cpu)} cpus"]
    parts += [format_size(need.memory)] if need.memory else []
    parts += [f"gpus {format_gpu(need.gpu)}"] if need.gpu else []
    return ", ".join(parts)
