"""The worker process: reads its options, puts the parts together, runs until it is done."""

import asyncio
import fcntl
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

from paceline import telemetry
from paceline.agent.desk import Desk
from paceline.agent.devices import Books
from paceline.agent.face.vitals import Vitals
from paceline.agent.files import Files
from paceline.agent.join import Credentials, credentials
from paceline.agent.launches import Launches
from paceline.agent.link import Link
from paceline.agent.loop import Loop
from paceline.agent.machine import gpus as gpus  # these and the next are for `worker probe`, `up` and `doctor`
from paceline.agent.machine import offered_gpus as offered_gpus
from paceline.agent.machine import probe as probe
from paceline.agent.machine import processors as processors
from paceline.agent.machine import usable_memory as usable_memory
from paceline.agent.memory import recall
from paceline.agent.places import Places
from paceline.agent.scratch import make_scratch
from paceline.agent.spool import Spool
from paceline.agent.state import Worker
from paceline.agent.words import Interrupted
from paceline.clock import SystemClock
from paceline.config import WorkerOptions, task_environment
from paceline.model.errors import Conflict
from paceline.model.ids import WorkerId
from paceline.model.worker import Machine
from paceline.wire.convert import attempts_to_wire, to_wire
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.protocol import PROTOCOL

_LOG = telemetry.log("worker")
UNLINKED = 5.0
"""Seconds without a server after which a worker shows how it is all the same."""


def run(options: WorkerOptions) -> int:
    """Serve until told to leave; the exit code.

    The first SIGINT or SIGTERM finishes what runs, the second stops it, the third leaves it to the supervisor, which
    kills it when the lease is over. Raises PacelineError: no key, wrong key, another version, the name is taken.
    """
    telemetry.configure("worker", level=options.log.level, form=options.log.form, to=sys.stderr, worker=options.name)
    places = Places(directory=options.directory.absolute(), scratch=options.scratch.absolute())
    places.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(places.lock, options.name):
        asyncio.run(_serve(options, places))
    _LOG.info("left")
    return 0


async def _serve(options: WorkerOptions, places: Places) -> None:
    clock = SystemClock()
    machine = probe(options, clock)
    identity = await credentials(options, places.key)
    places.logs.mkdir(mode=0o700, exist_ok=True)
    make_scratch(options)
    places.calls.mkdir(mode=0o700, exist_ok=True)
    worker = Worker(Books(machine.capacity), places, options.reserve)
    spool = Spool(places.spool)
    memory = recall(spool.read())
    loop = Loop(worker, spool, Launches(places=places, base=task_environment(), timeout=options.task_timeout), clock)
    incarnation = int(clock.now() * 1e9)
    link = Link(
        options,
        identity.key,
        lambda: _hello(options, identity, incarnation, machine, worker),
        loop.hear,
        clock,
        Random(incarnation),
    )
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, _interrupt, loop, name)
    _collect_seldom()
    desk = Desk(places, Files(options, identity.key), worker.held, clock)
    vitals = Vitals(options, WorkerId(identity.worker), worker, clock)
    await loop.run(link, memory, desk.run, lambda: _show(vitals, identity.key, loop.linked))


async def _show(vitals: Vitals, key: str, linked: asyncio.Event) -> None:
    """Let those beside us see how we are. First comes the work; what showing needs is loaded in a thread meanwhile."""

    def load() -> Callable[[Vitals, str], Coroutine[Any, Any, None]]:
        from paceline.agent.face.open import show  # noqa: PLC0415 - uvicorn and the like: a tenth of a second

        return show

    with suppress(TimeoutError):
        await asyncio.wait_for(linked.wait(), UNLINKED)
    show = await asyncio.to_thread(load)
    await show(vitals, key)


def _interrupt(loop: Loop, number: signal.Signals) -> None:
    _LOG.info("told to stop", signal=number.name)
    loop.hear(Interrupted())


def _collect_seldom() -> None:
    """Attempts come and go by the hundred thousand and form no cycles; looking for some would cost a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _hello(
    options: WorkerOptions, identity: Credentials, incarnation: int, machine: Machine, worker: Worker
) -> pb.Hello:
    return pb.Hello(
        protocol=PROTOCOL,
        worker=identity.worker,
        incarnation=incarnation,
        name=options.name,
        machine=to_wire(machine, pb.Machine),
        held=[attempts_to_wire(attempts) for attempts in worker.held()],
    )


@contextmanager
def _alone(path: Path, name: str) -> Iterator[None]:
    """Two agents in one directory would each believe the other's attempts to be theirs."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Conflict(
            f"a worker named {name} already runs from {path.parent}", hint="give this one another --name"
        ) from None
    finally:
        os.close(fd)
