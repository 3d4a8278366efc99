"""Drives the core through a simulated time.

Whatever is to happen stands in one heap by its time: submissions, ends, words of hosts, beats. The server takes a step
as soon as something has reached it and it is not busy with the step before; all that came by then goes into it.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from paceline.agent.running import PATIENCE, TOLD_AFTER
from paceline.core.cluster import Cluster
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.columns import Attempts, column
from paceline.model.decision import Decision, Grant, Submitted
from paceline.model.events import AttemptsStarted, Event, JobsSubmitted, WorkerBeat, WorkerJoined
from paceline.model.ids import Incarnation, JobId, WorkerId
from paceline.model.resources import Need
from paceline.model.worker import Machine
from paceline.recording.codec import encode_decision
from paceline.sim.duration import place
from paceline.sim.host import Held, Host, Run
from paceline.sim.policy import Policy
from paceline.sim.tally import BEAT, Tally
from paceline.sim.work import Batch

START = 1_700_000_000.0
"""When the simulated time begins, in seconds since 1970."""
PER_TASK, LATENCY = 25e-6, 5e-4
"""Seconds that each task adds to the step that grants it; and that a message is on its way."""
CALM, INTERVAL = 20e-3, 5e-4
"""Seconds between two messages of a worker: while more than it can run is in its hand (``agent/loop.py``), and else."""
BEAT_SLOTS = 100
NEWS = 1000
"""Tasks that are worth a word to who waits for the simulation."""
NEVER = float("inf")
_FIRST = Incarnation(1)
_ALONE = (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """``seed`` of the tasks' durations. ``commit``: seconds until a step is on disk, in which what happens gathers for
    the next one; the longer, the fewer steps there are to simulate. ``beat``: seconds between two signs of life of each
    worker, which cost as much as many a task; 0: they are counted, not played."""

    seed: int = 1
    commit: float = 2e-3
    beat: float = 0.0


class Engine:
    """One fleet, one piece of work, one policy; ``run`` once."""

    def __init__(self, machines: Sequence[Machine], work: Sequence[Batch], policy: Policy, pace: Pace) -> None:
        # Nobody is lost here, so nobody has to be heard of: the lease is as long as the simulation.
        terms = Terms(beat=BEAT, lease=NEVER, strategy=policy.strategy)
        self._scheduler = Scheduler(Cluster(share=policy.share), terms)
        self._hosts = [Host(WorkerId(number), machine) for number, machine in enumerate(machines, 1)]
        self._policy = policy
        self._pace = pace
        self._batches: dict[JobId, Batch] = {}
        self._submitting: list[Batch] = []
        self._heap: list[tuple[float, int, Callable[[float, Any], None], Any]] = []
        self._count = 0
        self._inbox: list[Event] = []
        self._heard_at = NEVER  # when the first of them reached the server
        self._free_at = START  # when the server is done with the step before
        self._wake_at = NEVER
        self._hash = hashlib.blake2b(digest_size=16)
        self.tally = Tally(machines, self._scheduler.cluster)
        for batch in work:
            self._at(START + batch.at, self._submit, batch)
        if pace.beat:
            for slot in range(min(BEAT_SLOTS, len(self._hosts))):
                self._at(START + slot * pace.beat / BEAT_SLOTS, self._beat, slot)

    def run(self, done: Callable[[int], None]) -> Tally:
        """Until all is done; ``done`` hears now and then of so many tasks that are."""
        told = 0
        for host in self._hosts:
            self._inbox.append(_joined(host))
        self._step(START)
        while self._wait() or self._wake_at < NEVER:
            now = max(self._free_at, min(self._heard_at, self._wake_at))
            self._play(now - LATENCY)
            self._step(now)
            if self.tally.ended >= told + NEWS:
                done(self.tally.ended - told)
                told = self.tally.ended
        self.tally.digest = self._hash.hexdigest()
        return self.tally

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _at(self, when: float, act: Callable[[float, Any], None], what: object) -> None:
        self._count += 1
        heappush(self._heap, (when, self._count, act, what))

    def _wait(self) -> bool:
        """Let time pass until the server hears something, or wants to be woken. False: nothing will ever happen."""
        while not self._inbox and self._heap and self._heap[0][0] <= self._wake_at:
            when, _, act, what = heappop(self._heap)
            act(when, what)
        return bool(self._inbox)

    def _play(self, until: float) -> None:
        """All that happens up to then, at the hosts and the users."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            when, _, act, what = heappop(heap)
            act(when, what)

    # ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, at: float, events: Iterable[Event]) -> None:
        self._inbox.extend(events)
        self._heard_at = min(self._heard_at, at + LATENCY)

    def _step(self, now: float) -> None:
        events, self._inbox = self._inbox, []
        submitted, self._submitting = self._submitting, []
        self._heard_at = NEVER
        began = time.process_time()
        decision = self._scheduler.step(events, now)
        spent = time.process_time() - began
        self._hash.update(encode_decision(decision))
        self.tally.step(now, events, decision, spent)
        jobs = [job for answer in decision.answers if isinstance(answer, Submitted) for job in answer.jobs]
        self._batches.update(zip(jobs, submitted, strict=True))
        self._wake_at = decision.wake_at
        self._deliver(decision, now)

    def _deliver(self, decision: Decision, now: float) -> None:
        grants = [(worker, message) for worker, message in decision.messages if isinstance(message, Grant)]
        tasks = sum(len(grant.attempts.indexes) for _, grant in grants)
        self._free_at = now + self._pace.commit + PER_TASK * tasks
        for worker, grant in grants:
            self._take(self._free_at + LATENCY, self._hosts[worker - 1], grant)

    # ── users ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _submit(self, at: float, batch: Batch) -> None:
        self._submitting.append(batch)
        self.tally.submit(at, batch.count)
        self._hear(at, [JobsSubmitted(specs=(batch.spec(by_priority=self._policy.by_priority),))])

    # ── hosts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, at: float, host: Host, grant: Grant) -> None:
        """What fits starts at once, the rest stays in the hand for its turn."""
        job, need, indexes = grant.attempts.job, grant.need, grant.attempts.indexes
        fit = 0 if host.hand else host.room(need, len(indexes))
        if fit:
            host.book(need, fit)
            self._start(at, host, need, Attempts(job=job, indexes=indexes[:fit], numbers=grant.attempts.numbers[:fit]))
        if fit < len(indexes):
            numbers = column(grant.attempts.numbers, len(indexes), 1)
            host.hand.extend(Held(job, need, indexes[i], numbers[i], at) for i in range(fit, len(indexes)))
            self._at(at + PATIENCE, self._give_back, host)

    def _start(self, at: float, host: Host, need: Need, attempts: Attempts) -> None:
        job, indexes = attempts.job, attempts.indexes
        batch = self._batches[job]
        self.tally.start(need, len(indexes), at - START - batch.at)
        longest = seconds = batch.duration.first
        if batch.duration.fixed:
            self._at(at + seconds, self._end, Run(host, job, need, indexes, attempts.numbers, seconds))
        else:
            longest = 0.0
            for index, number in zip(indexes, column(attempts.numbers, len(indexes), 1), strict=True):
                seconds = batch.duration.at(place(self._pace.seed, job, index))
                longest = max(longest, seconds)
                numbers = _ALONE if number == 1 else (number,)
                self._at(at + seconds, self._end, Run(host, job, need, (index,), numbers, seconds))
        if longest > TOLD_AFTER:
            self._at(at + TOLD_AFTER, self._tell_start, AttemptsStarted(worker=host.id, attempts=attempts))

    def _tell_start(self, at: float, event: AttemptsStarted) -> None:
        self._hear(at, [event])

    def _end(self, at: float, run: Run) -> None:
        host = run.host
        host.end(run)
        self.tally.end(at, run.need, len(run.indexes), run.seconds)
        for held in host.begin_next():
            numbers = () if held.number == 1 else (held.number,)
            attempts = Attempts(job=held.job, indexes=(held.index,), numbers=numbers)
            self._start(max(at, held.since), host, held.need, attempts)
        may_tell = host.said_at + (CALM if host.hand else INTERVAL)
        if at >= may_tell:
            self._tell(at, host)
        elif not host.telling:
            host.telling = True
            self._at(may_tell, self._tell, host)

    def _tell(self, at: float, host: Host) -> None:
        host.telling, host.said_at = False, at
        self._hear(at, host.tell())

    def _give_back(self, at: float, host: Host) -> None:
        given = list(host.give_back(at - PATIENCE))
        if given:
            self._hear(at, given)

    def _beat(self, at: float, slot: int) -> None:
        """One group of hosts, again and again as long as anything else is to happen."""
        if not self._scheduler.cluster.jobs and len(self._heap) < BEAT_SLOTS:
            return
        self._hear(at, [WorkerBeat(worker=host.id, incarnation=_FIRST) for host in self._hosts[slot::BEAT_SLOTS]])
        self._at(at + self._pace.beat, self._beat, slot)


def _joined(host: Host) -> Event:
    return WorkerJoined(worker=host.id, name=f"w{host.id}", incarnation=_FIRST, machine=host.machine)
