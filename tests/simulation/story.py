"""One simulated fleet from beginning to end: first things go wrong, then nothing does, and then all must be well."""

import hashlib
from collections.abc import Iterable

from paceline.model.records import JobKept
from paceline.stores.tables import Tables
from paceline.testing.world import machine
from tests.simulation.agent import Agent, Stage
from tests.simulation.ledger import Ledger
from tests.simulation.server import Server
from tests.simulation.timeline import START, Timeline
from tests.simulation.user import Operator, User

TROUBLE = 40.0
"""Seconds in which things go wrong."""
PATIENCE = 3_000.0
"""Seconds after which all must be over."""


class Story:
    """See the module."""

    def __init__(self, seed: int) -> None:
        self.timeline = Timeline(seed)
        chance = self.timeline.chance
        self.ledger = Ledger()
        self.stage = Stage()
        self.server = Server(self.timeline, Tables(), self.ledger)
        self.agents = [
            Agent(self.timeline, self.server, self.stage, number, machine(cpu=chance.choice([2000, 4000])))
            for number in range(1, chance.randrange(2, 5))
        ]
        self.users = [User(self.timeline, self.server, self.stage, name) for name in ("ada", "bob")]
        self.operator = Operator(self.timeline, self.server, len(self.agents))
        self.trouble = chance.choice([0.05, 0.3, 1.0])  # mishaps a second

    def run(self) -> None:
        """Raises AssertionError where something is not as it must be."""
        self.server.start()
        for agent in self.agents:
            self.timeline.soon(agent.start, 5.0)
        for user in self.users:
            user.begin(submissions=self.timeline.chance.randrange(1, 5), span=TROUBLE)
        self.timeline.after(1.0, self._mishap)
        self.timeline.run(START + TROUBLE)
        self.timeline.note("world", "nothing goes wrong from here on")
        self._heal()
        self.timeline.run(START + PATIENCE, self._over)
        self._end_well()

    def digest(self) -> str:
        """Of every decision: the same seed gives the same one, in whatever process."""
        return hashlib.sha256(repr(self.server.decisions).encode()).hexdigest()

    # ── trouble ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _mishap(self) -> None:
        if self.timeline.now >= START + TROUBLE:
            return
        chance = self.timeline.chance
        agent = chance.choice(self.agents)
        kind = chance.choice(["link", "link", "link", "agent", "host", "server", "operator", "operator"])
        if kind == "server" and self.server.up:
            self.server.crash()
            self.timeline.soon(self._restart, chance.choice([1.0, 40.0]))
        elif kind == "operator":
            self.operator.act()
        elif agent.up and kind in ("link", "agent", "host"):
            {"link": agent.lose_link, "agent": agent.crash_agent, "host": agent.crash_host}[kind]()
            self.timeline.soon(lambda: self._revive(agent), chance.choice([1.0, 30.0]))
        self.timeline.after(chance.expovariate(self.trouble), self._mishap)

    def _restart(self) -> None:
        if not self.server.up:
            self.server.start()

    def _revive(self, agent: Agent) -> None:
        if not agent.up:
            agent.start()

    def _heal(self) -> None:
        self._restart()
        for agent in self.agents:
            self._revive(agent)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _over(self) -> bool:
        cluster = self.server.scheduler.cluster
        waiting = cluster.jobs or not self.server.idle() or any(user.busy for user in self.users)
        return not waiting and not any(agent.hand or agent.running or agent.ends for agent in self.agents)

    def _end_well(self) -> None:
        """Everything that was accepted is over, exactly once, and nothing is left of it."""
        assert not any(user.busy for user in self.users), "somebody still waits for an answer"
        for jobs in (user.accepted.values() for user in self.users):
            for number in (job for submission in jobs for job in submission):
                assert self.ledger.jobs[number].over, f"job {number} is not over"
        assert all(job.over for job in self.ledger.jobs.values()), "a job that nobody was told of is not over"
        tokens = [job.kept.token for job in self.server.tables.jobs.values() if isinstance(job.kept, JobKept)]
        answered = {token: jobs for user in self.users for token, jobs in user.accepted.items()}
        assert {token: tokens.count(token) for token in tokens} == {t: len(jobs) for t, jobs in answered.items()}
        assert not self.stage.running, f"still running: {self.stage.running}"
        cluster = self.server.scheduler.cluster
        assert not cluster.jobs, "the core does not know that all is over"
        for worker in cluster.workers.values():
            assert (worker.cpu, worker.memory) == (worker.capacity.cpu, worker.capacity.memory), f"{worker.name}: books"
            assert not worker.held
            assert not worker.ahead
        assert len(cluster.reminders) <= 2 * len(cluster.workers) + 200


def digests(seeds: Iterable[int]) -> str:
    """A line for each seed."""
    lines = []
    for seed in seeds:
        story = Story(seed)
        story.run()
        lines.append(f"{seed} {story.digest()}\n")
    return "".join(lines)
