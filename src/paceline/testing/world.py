"""A fleet without processes: the real core, kept in memory, on a clock that moves only when told to.

::

    world = World()
    worker = world.join(cpu=4000)
    job = world.submit(tasks=10)
    worker.end()                      # all that it holds succeeds; the next ones come
    world.advance(20.0)               # its lease is over

Every step's records are kept before its messages are heard, the books are checked after every step, and a message to a
worker whose connection is lost is lost, as it is in life. ``restart`` goes on from what is kept, with another server.
"""

from collections.abc import Sequence
from dataclasses import replace

from paceline.core.cluster import Cluster
from paceline.core.job import Job
from paceline.core.restore import restore
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.decision import Answer, Decision, Submitted
from paceline.model.errors import PacelineError
from paceline.model.events import Event, JobsSubmitted
from paceline.model.ids import JobId, TaskId, WorkerId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.resources import Capacity, Gpu, Need
from paceline.model.task import Outcome, TaskState
from paceline.model.worker import Machine
from paceline.stores.tables import Tables
from paceline.testing.clock import FakeClock
from paceline.testing.hand import Hand

GIB = 1 << 30


class World:
    """See the module. ``beat`` and ``lease`` are seconds."""

    def __init__(self, *, beat: float = 5.0, lease: float = 20.0) -> None:
        self.clock = FakeClock()
        self.tables = Tables()
        self.terms = Terms(beat=beat, lease=lease)
        self.scheduler = Scheduler(Cluster(), self.terms)
        self.hands: dict[WorkerId, Hand] = {}

    @property
    def cluster(self) -> Cluster:
        """The core's picture."""
        return self.scheduler.cluster

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def step(self, *events: Event) -> Decision:
        """One step of the core: decided, checked, kept, heard. Raises AssertionError if its books are not straight."""
        decision = self.scheduler.step(events, self.clock.now())
        self.cluster.check()
        twice = self.tables.twice(decision.records)
        assert not twice, f"{twice} would be kept twice"
        self.tables.keep(decision.records)
        for worker, message in decision.messages:
            if worker in self.hands:
                self.hands[worker].hear(message)
        return decision

    def ask(self, event: Event) -> Answer:
        """One event; what the one who caused it is told. Raises the error if that is the answer."""
        [answer] = self.step(event).answers
        if isinstance(answer, PacelineError):
            raise answer
        return answer

    def advance(self, seconds: float) -> Decision:
        """Let time pass, then let the core look at it."""
        self.clock.advance(seconds)
        return self.step()

    def restart(self) -> None:
        """The server dies, and another one goes on from what is kept. All connections are lost."""
        for hand in self.hands.values():
            hand.linked = False
        self.scheduler = Scheduler(restore(self.tables.snapshot(), self.terms, self.clock.now()), self.terms)
        self.cluster.check()

    # ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def submit(
        self, spec: JobSpec | None = None, *, tasks: int = 1, need: Need | None = None, payloads: Sequence[bytes] = ()
    ) -> JobId:
        """One job's number: this spec, or so many tasks with this need."""
        wanted = spec if spec is not None else job_spec(tasks=tasks)
        if need is not None:
            wanted = replace(wanted, needs=(need,))
        [number] = self.submit_all(wanted, payloads=[payloads] if payloads else ())
        return number

    def submit_all(
        self, *specs: JobSpec, token: str = "", digest: str = "", payloads: Sequence[Sequence[bytes]] = ()
    ) -> Sequence[JobId]:
        """The numbers of jobs submitted together."""
        answer = self.ask(JobsSubmitted(specs=specs, token=token, digest=digest, payloads=payloads))
        assert isinstance(answer, Submitted)
        return answer.jobs

    def job(self, number: int) -> Job:
        """A job that is not over. Raises KeyError for one that is."""
        return self.cluster.jobs[JobId(number)]

    def counts(self, number: int) -> dict[TaskState, int]:
        """Final state → tasks, of a job that is over. Raises AssertionError if it is not, or never was."""
        row = self.tables.jobs.get(JobId(number))
        assert row is not None, f"there is no job {number}"
        assert row.counts is not None, f"job {number} is not over"
        return {TaskState(state): count for state, count in row.counts.items()}

    def endings(self, job: int, index: int = 0) -> list[Outcome]:
        """How the attempts of a task ended, oldest first."""
        ended = self.tables.endings[JobId(job)]
        return [end.ending.outcome for (task, _), end in sorted(ended.items()) if task == index]

    def holder(self, task: TaskId) -> Hand | None:
        """The worker that the core believes to hold the task."""
        job = self.cluster.jobs.get(task.job)
        attempt = job.live.get(task.index) if job is not None else None
        return self.hands[attempt.worker.id] if attempt is not None else None

    # ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def join(self, name: str = "", *, cpu: int = 4000, gpus: Sequence[Gpu] = ()) -> Hand:
        """A new worker, connected: so many thousandths of processors, 16 GiB of memory, 100 GiB of disk."""
        return self.introduce(machine(cpu=cpu, gpus=gpus), name)

    def introduce(self, found: Machine, name: str = "") -> Hand:
        """A new worker on this machine, connected."""
        number = WorkerId(len(self.hands) + 1)
        hand = self.hands[number] = Hand(self, number, name or f"w{number}", found)
        hand.join()
        return hand


def machine(*, cpu: int = 4000, memory: int = 16 * GIB, disk: int = 100 * GIB, gpus: Sequence[Gpu] = ()) -> Machine:
    """What a worker says of its host."""
    return Machine(host="host", capacity=Capacity(cpu=cpu, memory=memory, disk=disk, gpus=tuple(gpus)))


def gpu(model: str = "A100", *, memory: int = 80 * GIB, vendor: str = "nvidia", number: int = 0) -> Gpu:
    """A device."""
    return Gpu(uuid=f"GPU-{model}-{number}", vendor=vendor, model=model, memory=memory)


def job_spec(name: str = "job", *, tasks: int = 1, need: Need | None = None) -> JobSpec:
    """A job of commands with indexes from 0. ``dataclasses.replace`` does the rest."""
    run = Spec(kind="command", body=b"{}")
    needs = (need if need is not None else Need(),)
    return JobSpec(name=name, run=run, ranges=(Range(start=0, stop=tasks),), needs=needs)
