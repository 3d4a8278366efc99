"""Every route against its own description: what schemathesis makes up, sent to the real application."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from paceline.model.job import JobSpec, Spec
from paceline.server.rest.app import description, make_app
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.listening import Listener, bound
from tests.server.conftest import ScriptedWorker, Served, serving

EXAMPLES = 6
"""Of each operation; more would find more, and take longer than it is worth each time."""
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            # Quantities, arrays and kinds are a grammar, not a schema: a well-formed body may still be refused.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422"]},
        },
    }
)
# What is sent bit by bit, for ever, no answer to wait for: see test_live.py.
SPEC = schemathesis.openapi.from_dict(json.loads(description()), config=CONFIG).exclude(path_regex="/live$")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where the application answers, and to whom."""

    url: str
    token: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The application in an event loop of its own, for schemathesis knows none."""
    ready: list[World] = []
    told, over = threading.Event(), threading.Event()

    async def serve(home: Path) -> None:
        async with serving(home) as served, ScriptedWorker(served) as worker:
            listener = Listener(make_app(served.fleet, ()), bound("127.0.0.1", 0))
            listener.open()
            await _live(served, worker)
            ready.append(World(url=f"http://127.0.0.1:{listener.port}", token=served.admin))
            told.set()
            await asyncio.to_thread(over.wait)
            await listener.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve(tmp_path_factory.mktemp("fuzz"))))
    thread.start()
    told.wait()
    yield ready[0]
    over.set()
    thread.join()


async def _live(served: Served, worker: ScriptedWorker) -> None:
    """The first job and the first worker are those that the description's examples name."""
    async with served.client() as client:
        number, key = await worker.join((await client.create_token("join")).token)
        await worker.hello(number, key)
        await worker.hear("welcome")
        await client.submit([JobSpec(name="first", run=Spec(kind="command", body=b'{"argv":["true"]}'))])
        await worker.hear("grant")
        log = pb.LogChunk(job=1, index=0, number=1, stream="out", offset=0, data=b"hello\n")
        await worker.say(pb.WorkerWord(log=log))


@SPEC.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_operation_keeps_to_its_description(case: schemathesis.Case[Any], world: World) -> None:
    case.call_and_validate(base_url=world.url, headers={"Authorization": f"Bearer {world.token}"})
