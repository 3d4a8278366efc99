"""One simulated fleet from beginning to end: first things go wrong, then nothing does, and then all must be well."""

import hashlib
from collections.abc import Iterable

from paceline.model.worker import WorkerState
from tests.simulation.faults import Fault, Weather
from tests.simulation.host import Host
from tests.simulation.ledger import Ledger
from tests.simulation.scene import Scene
from tests.simulation.server import Servers
from tests.simulation.stage import Stage
from tests.simulation.store import Disk
from tests.simulation.timeline import Timeline
from tests.simulation.user import Operator, User

TROUBLE = 12.0
"""Seconds in which things go wrong."""
PATIENCE = 1_000.0
"""Seconds after which all must be over."""


class Story:
    """See the module."""

    def __init__(self, seed: int) -> None:
        self.timeline = Timeline(seed)
        self.weather = Weather(self.timeline)
        stage = Stage()
        self.ledger = Ledger(stage)
        self.disk = Disk(self.timeline, self.weather, self.ledger)
        self.servers = Servers(self.disk)
        self.scene = Scene(self.timeline, self.weather, stage, self.servers, self.ledger)
        chance = self.timeline.chance
        self.hosts = [Host(self.scene, number) for number in range(1, chance.choice([2, 3, 3, 3, 4]))]
        self.operator = Operator(self.scene, len(self.hosts))
        names = ("ada", "bob")[: chance.choice([1, 2])]
        self.users = [User(self.scene, name, self.operator) for name in names]
        self._pace = chance.choice([0.3, 0.8, 2.0])  # mishaps a second

    def run(self) -> None:
        """Raises AssertionError where something is not as it must be; with the story, if it has one to tell."""
        try:
            self._run()
        except Exception as error:
            error.add_note(f"what happened last:\n{self.timeline.transcript()}")
            raise

    def _run(self) -> None:
        self.servers.start()
        for host in self.hosts:
            self.timeline.soon(host.start, 2.0)
        for user in self.users:
            user.begin(self.timeline.chance.choice([1, 1, 2]), TROUBLE)
        self.timeline.after(1.0, self._mishap)
        self.timeline.run(TROUBLE)
        self.timeline.note("world", "nothing goes wrong from here on")
        self._heal()
        while self.timeline.now < TROUBLE + PATIENCE and not (self._over() and self._all_there()):
            self.timeline.run(self.timeline.now + 1.0)
        self._end_well()

    def digest(self) -> str:
        """Of every decision: the same seed gives the same one, in whatever process."""
        decisions = [step for server in self.servers.all for step in server.steps]
        return hashlib.sha256(repr(decisions).encode()).hexdigest()

    # ── trouble ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _mishap(self) -> None:
        if not self.weather.bad:
            return
        chance = self.timeline.chance
        match chance.choice(["host", "host", "host", "server", "server", "disk", "operator"]):
            case "host":
                host = chance.choice(self.hosts)
                host.trouble()
                if chance.random() < 0.4:  # trouble comes in pairs
                    self.timeline.soon(host.trouble, 4.0)
            case "server":
                self.servers.trouble()
            case "disk" if self.weather.any_of((Fault.DISK_FULL,)) and not self.disk.full:
                self.disk.fill(chance.choice([2.0, 15.0]))
            case "operator":
                self.operator.act()
        self.timeline.after(chance.expovariate(self._pace), self._mishap)

    def _heal(self) -> None:
        self.weather.clear_up()
        self.disk.free()
        self.servers.ensure()
        for host in self.hosts:
            host.heal()

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _over(self) -> bool:
        waiting = any(user.busy for user in self.users) or any(not job.over for job in self.ledger.jobs.values())
        return not waiting and all(host.idle() for host in self.hosts)

    def _all_there(self) -> bool:
        """Every worker that should be is at work."""
        workers = self.servers.current.loop.scheduler.cluster.workers
        there = {number for number, worker in workers.items() if worker.state is WorkerState.READY}
        return all(host.gone or host.worker in there for host in self.hosts)

    def _end_well(self) -> None:
        """I1, I2, I11: all that was accepted is over.  I6: nothing is booked.  I18: nothing else is left of it."""
        assert not any(user.busy for user in self.users), "I11: somebody still waits for an answer"
        for number, job in self.ledger.jobs.items():
            assert job.over, f"I11: job {number} is not over"
            assert self.disk.tables.jobs[number].ended_at, f"I2: job {number} is not over in the store"
            missing = [index for index, task in job.tasks.items() if not task.over()]
            assert not missing, f"I2: tasks {missing} of job {number} are not over"
        answered = {token: list(jobs) for user in self.users for token, jobs in user.accepted.items()}
        assert answered == self.ledger.tokens, "I1, I14: what was accepted is not what was told"
        assert not self.scene.stage.running, f"I10: still running: {self.scene.stage.running}"
        assert all(host.idle() for host in self.hosts), "I10: a worker still holds something"
        assert self._all_there(), "I11: a worker is not at work"
        self._check_books()

    def _check_books(self) -> None:
        cluster = self.servers.current.loop.scheduler.cluster
        assert not cluster.jobs, "I18: the core does not know that all is over"
        for worker in cluster.workers.values():
            free, whole = (worker.cpu, worker.memory), (worker.capacity.cpu, worker.capacity.memory)
            assert free == whole, f"I6: {worker.name}: {free} of {whole} is free"
            assert not worker.held, f"I6: {worker.name}: holds {worker.held}"
            assert not worker.ahead, f"I6: {worker.name}: {worker.ahead} is ahead"
        assert len(cluster.reminders) <= 2 * len(cluster.workers) + 200, "I18: reminders pile up"


def digests(seeds: Iterable[int]) -> str:
    """A line for each seed."""
    lines = []
    for seed in seeds:
        story = Story(seed)
        story.run()
        lines.append(f"{seed} {story.digest()}\n")
    return "".join(lines)
