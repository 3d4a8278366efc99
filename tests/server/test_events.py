"""The event log, asked about and followed, whichever way the client took."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from paceline.model.errors import UsageError
from paceline.model.ids import WorkerId
from paceline.model.job import JobSpec, Spec
from paceline.sdk.client import Client
from tests.server.conftest import ScriptedWorker, serving
from tests.server.test_models import publish

pytestmark = pytest.mark.parametrize("way", ["near", "far"])

TRUE = Spec(kind="command", body=b'{"argv": ["true"]}')


async def who(client: Client, kind: str) -> list[str]:
    """Who did what is of that kind."""
    return [json.loads(line.body)["by"] for line in await client.events(kinds=[kind])]


def test_every_change_says_with_whose_credential_it_was_made(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            token = (await client.create_token("join", name="lab")).token
            number, key = await worker.join(token, "gpu")
            await worker.hello(number, key)
            await worker.hear("welcome")
            await client.drain(WorkerId(1))
            await client.submit([JobSpec(name="j", run=TRUE, owner="somebody")])
            await client.cancel(1, reason="no more")
            assert await who(client, "token_kept") == ["", "admin", "lab"]
            assert await who(client, "token_spent") == ["gpu"]
            assert await who(client, "worker_kept") == ["", "admin"]
            assert await who(client, "job_kept") == ["admin"]
            assert await who(client, "cancel_kept") == ["admin"]

    asyncio.run(scenario())


def test_what_is_done_to_a_model_is_in_the_log(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            await client.submit([JobSpec(name="j", run=TRUE)])
            model = await publish(served)
            await client.rename_model(model.key, "Favourite")
            await client.tag_model(model.key, ["good"], ["bad"])
            await client.remove_model(model.key)
            lines = await client.events(kinds=["model"])
            bodies = [json.loads(line.body) for line in lines]
            assert [body["change"] for body in bodies] == ["published", "renamed", "tagged", "removed"]
            assert [body["to"] for body in bodies] == ["", "Favourite", "+good -bad", ""]
            assert [body["by"] for body in bodies[1:]] == ["admin"] * 3
            assert {line.subject for line in lines} == {model.key}

    asyncio.run(scenario())


def test_the_log_is_asked_about_what_is_wanted(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            for name in ("a", "b"):
                await client.submit([JobSpec(name=name, run=TRUE)])
            await client.cancel(2, reason="no more")
            kinds = [line.kind for line in await client.events(subject="2")]
            assert kinds == ["job_kept", "cancel_kept", "job_over"]
            assert [line.subject for line in await client.events(kinds=["job"], limit=2)] == ["1", "2"]
            [last] = await client.events(newest=True, limit=1)
            assert last.kind == "job_over"
            assert await client.events(since=last.at + 60) == []
            with pytest.raises(UsageError, match="kind: there is no kind of event 'jobs'") as told:
                await client.events(kinds=["jobs"])
            assert "job_kept" in told.value.hint

    asyncio.run(scenario())


def test_the_log_is_followed(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            await client.submit([JobSpec(name="a", run=TRUE)])
            async with aclosing(client.follow_events(kinds=["job", "cancel"], newest=True, limit=1)) as lines:
                assert (await anext(lines)).subject == "1"
                await client.submit([JobSpec(name="b", run=TRUE)])
                assert (await anext(lines)).subject == "2"
                await client.cancel(2)
                assert [(await anext(lines)).kind for _ in range(2)] == ["cancel_kept", "job_over"]

    asyncio.run(scenario())
