"""``true`` with captured output, beside a bare ``posix_spawn`` loop that does nothing else, in the same breath."""

import time

from bench import yardsticks
from bench.figure import Figure, Row, Sample, at_least
from bench.fleet import Fleet, ordinary
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range, Spec
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client

PROGRAMS = 2_000


def play(fleet: Fleet) -> Sample:
    bare = yardsticks.spawn(PROGRAMS // 2)
    began = time.perf_counter()
    bridge().run(_array(fleet))
    rate = PROGRAMS / (time.perf_counter() - began)
    return {"true": rate, "true share": 100 * rate / (bare + yardsticks.spawn(PROGRAMS // 2)) * 2}


async def _array(fleet: Fleet) -> None:
    run = Spec(kind="command", body=b'{"argv": ["true"]}')
    spec = JobSpec(name="true", run=run, ranges=(Range(start=0, stop=PROGRAMS),))
    async with Client(fleet.options) as client:
        [job] = (await client.submit([spec])).jobs
        async for update in client.watch([JobId(job)], interval=0.01):
            last = update.jobs[0]
    assert last.succeeded == PROGRAMS, last


FIGURE = Figure(
    name="commands",
    setting=ordinary,
    play=play,
    rows=(
        Row(key="true", says=f"`true` commands, array of {PROGRAMS:,}, output captured", unit="/s", yardstick="spawn"),
        Row(key="true share", says="of a bare posix_spawn loop", unit="%", bars=at_least(60), yardstick="none"),
    ),
)
