"""Who gives the cluster work, each in its own way, until told that it is enough."""

import asyncio
import itertools
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from paceline.model.errors import PacelineError, TaskFailed, TryAgain, UsageError
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.resources import Need
from paceline.model.task import Outcome
from paceline.sdk.blocking import Bridge
from paceline.sdk.client import Client
from tests.system.chaos import processes, work
from tests.system.chaos.cluster import PATIENCE, Cluster, eventually
from tests.system.chaos.ledger import Ledger, Promise
from tests.system.chaos.witness import Witness, uptime

T = TypeVar("T")

FOREVER = Retry(failures=1000, losses=1000, base=0.1, cap=1.0)
"""What a fault kills is tried again: only a fault of Paceline's can spoil a job."""
GRACE = 0.5
CALLS = 200
NAPS = 24
AGAIN = 0.2  # seconds


@dataclass(slots=True, kw_only=True)
class Town:
    """A cluster with all that is watched about it."""

    cluster: Cluster
    ledger: Ledger
    witness: Witness
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """No new work."""

    # ── asking, through all outages ──────────────────────────────────────────────────────────────────────────────

    async def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        """The answer, however often the server has to be asked."""
        while True:
            try:
                async with self.cluster.client() as client:
                    return await question(client)
            except UsageError:
                raise
            except PacelineError as error:
                self.ledger.refuse("", error)
                await asyncio.sleep(AGAIN)

    async def submit(self, kind: str, spec: JobSpec, after: JobId = JobId(0)) -> JobId:  # noqa: B008 - a number
        """Under one token, so however often it is said it is one job."""
        token = secrets.token_hex(8)
        submission = await self.ask(lambda client: client.submit([spec], token=token))
        job = submission.jobs[0]
        count = sum(len(range(each.start, each.stop, each.step)) for each in spec.ranges)
        self.ledger.enter(Promise(job=job, kind=kind, count=count, after=after))
        return job

    async def over(self, job: JobId) -> None:
        """Return once it is."""

        async def last(client: Client) -> None:
            async for _ in client.watch([job], interval=0.05):
                pass

        await self.ask(last)

    def command(self, name: str, script: str, count: int = 1, **more: object) -> JobSpec:
        """A job of a script of ``work``."""
        env = (("WITNESS", str(self.witness.path)), ("NAP", str(more.pop("nap", 0))))
        body = json.dumps({"argv": ["sh", "-c", script]}).encode()
        run = Spec(kind="command", body=body, env=env, grace=GRACE, timeout=float(str(more.pop("timeout", 0))))
        fields: dict[str, object] = {"retry": FOREVER, **more}
        return JobSpec(name=name, run=run, ranges=(Range(start=0, stop=count),), **fields)  # type: ignore[arg-type]


async def caller(town: Town, function: Callable[..., int], kind: str, count: int, pause: float) -> None:
    """Function calls, a batch at a time, each result looked at as it comes home; those from afar over a bad line."""
    options = town.cluster.far_options if kind == "far-calls" else town.cluster.options
    for number in itertools.count():
        if town.closing.is_set():
            return
        async with Client(options, patience=3 * PATIENCE) as client:
            calls = client.calls(Bridge(asyncio.get_running_loop()), name=f"{kind}-{number}", retries=1000)
            batch = calls.map(function, [(str(town.witness.path), index) for index in range(count)])
            got = await asyncio.gather(*map(asyncio.wrap_future, batch), return_exceptions=True)
            calls.close()
            accepted = [value for value in got if not isinstance(value, TryAgain)]
            if accepted:
                await calls.accepted()
                _came_home(town, Promise(job=batch[0].task_id.job, kind=kind, count=len(accepted)), accepted)
            else:
                town.ledger.refuse(f"{kind}-{number}", got[0])
        await asyncio.sleep(pause)


def _came_home(town: Town, promise: Promise, values: Sequence[object]) -> None:
    """Whether a task is poison rightly is judged by what the store says of its attempts."""
    town.ledger.enter(promise)
    for index, value in enumerate(values):
        poison = isinstance(value, TaskFailed) and value.ending.outcome is Outcome.POISON
        if value != work.value_of(index) and not poison:
            town.ledger.complaints.append(f"call {promise.job}.{index} came home as {value!r}")


async def napper(town: Town, pause: float) -> None:
    """Arrays of commands, three jobs on their way at a time, every other one with a job that comes after it."""
    waiting: list[JobId] = []
    for number in itertools.count():
        if town.closing.is_set():
            break
        naps = town.command(f"naps-{number}", work.NAP, NAPS, nap=0.1 * (number % 8))
        waiting.append(await town.submit("naps", naps))
        if number % 2:
            after = waiting[-1]
            chained = town.command(f"chained-{number}", work.NAP, 2, after=(after,))
            await town.submit("chained", chained, after)
        if len(waiting) > 2:
            await town.over(waiting.pop(0))
        await asyncio.sleep(pause)


async def vandal(town: Town, pause: float) -> None:
    """Programs that misbehave, and must leave nothing behind."""
    unkept = Retry(losses=1000, base=0.1, cap=1.0)
    for number in itertools.count():
        if town.closing.is_set():
            return
        jobs = [
            await town.submit("daemons", town.command(f"daemons-{number}", work.DAEMON, 4)),
            await town.submit("bombs", town.command(f"bomb-{number}", work.BOMB)),
            await town.submit("fails", town.command(f"fails-{number}", work.FAIL, 4, retry=unkept)),
            await town.submit("slow", town.command(f"slow-{number}", work.SLOW, 2, retry=unkept, timeout=0.5)),
        ]
        little = {"needs": (Need(memory=100 << 20),), "retry": unkept}
        jobs.append(await town.submit("hungry", town.command(f"hungry-{number}", work.HUNGRY, 2, **little)))
        await cancelled(town, f"stubborn-{number}")
        for job in jobs:
            await town.over(job)
            await nothing_left(town, job)
        await asyncio.sleep(pause)


async def cancelled(town: Town, name: str) -> None:
    """A job that has to be killed, and is gone when that is said."""
    job = await town.submit("stubborn", town.command(name, work.STUBBORN, 3))
    loop = asyncio.get_running_loop()
    await eventually(began(town, job), f"job {job} began", 2 * PATIENCE)
    asked = loop.time()
    await town.ask(lambda client: client.cancel(job, reason="enough"))
    await town.over(job)
    town.ledger.cancels.append(loop.time() - asked)
    await nothing_left(town, job)


async def nothing_left(town: Town, job: JobId) -> None:
    """Its end was said: then none of its processes is there any more."""
    if left := processes.of_job(town.cluster.home, job):
        now = uptime()
        helpless = [host for host in town.cluster.hosts.values() if any(s <= now <= u for s, u in host.helpless)]
        if not helpless:
            shown = [processes.described(process) for process in left]
            town.ledger.complaints.append(f"job {job} is over at {now:.2f}, and there are still: {shown}")


def began(town: Town, job: JobId) -> Callable[[], Awaitable[bool]]:
    async def begun() -> bool:
        return any(key.startswith(f"{job}.") for key in town.witness.begun)

    return begun


def canary(host: str) -> JobSpec:
    """Runs before all else, on this host; anywhere if it is empty."""
    run = Spec(kind="command", body=json.dumps({"argv": ["true"]}).encode())
    labels: Sequence[tuple[str, str]] = [("host", host)] if host else []
    return JobSpec(name="canary", run=run, needs=(Need(cpu=0, labels=tuple(labels)),), priority=1000, retry=FOREVER)
