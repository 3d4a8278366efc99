"""Models over HTTP: finding them page by page, naming and tagging them, and their files."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId
from paceline.server.operations import models
from tests.server.rest.calling import Caller, calling

CONTENT = b"trees <b>and</b> leaves"


async def _chunks() -> AsyncIterator[bytes]:
    yield CONTENT


async def published(caller: Caller, accuracy: float, name: str = "weights/0.bin") -> str:
    """The key of a new model with one file."""
    (job,) = (await caller.post("/api/jobs", {"run": "true"}))["jobs"]
    file = File(name=name, sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT))
    await caller.served.fleet.blobs.put(file.sha256, 0, _chunks())
    card = {"model": "random_forest", "task": "classification", "metrics": {"val_accuracy": accuracy}}
    attempt = AttemptId(JobId(job), 0, 1)
    return (await models.publish(caller.served.fleet, attempt, "w", card, [file])).key


def test_models_page_by_page(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            keys = [await published(caller, accuracy) for accuracy in (0.5, 0.9, 0.7)]
            best = {"order": "highest", "metric": "val_accuracy", "limit": 2}
            first = await caller.get("/api/models", **best)
            assert [model["metrics"]["val_accuracy"] for model in first["items"]] == [0.9, 0.7]
            rest = await caller.get("/api/models", **best, after=first["next"])
            assert [model["key"] for model in rest["items"]] == [keys[0]]
            assert (await caller.get("/api/models", **best, after=rest["next"] or "0~x"))["next"] == ""

    asyncio.run(scenario())


def test_a_model_is_named_tagged_and_removed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            key, other = await published(caller, 0.5), await published(caller, 0.6)
            body = {"name": "Forest", "tags_add": ["prod", "eu"]}
            changed = (await caller.http.patch(f"/api/models/{key}", json=body)).json()
            assert (changed["name"], changed["tags"], changed["card"]["model"]) == (
                "Forest",
                ["eu", "prod"],
                "random_forest",
            )
            await caller.http.patch("/api/models/Forest", json={"tags_remove": ["eu"]})
            assert (await caller.get(f"/api/models/{key}"))["tags"] == ["prod"]
            await caller.refused("PATCH", f"/api/models/{other}", 409, json={"name": "Forest"})
            problem = await caller.refused("PATCH", f"/api/models/{key}", 400, json={"tag_add": ["x"]})
            assert problem["hint"] == "did you mean 'tags_add'?"
            assert (await caller.http.delete(f"/api/models/{key}")).json()["key"] == key
            await caller.refused("GET", f"/api/models/{key}", 404)

    asyncio.run(scenario())


def test_a_file_comes_as_it_is_and_is_never_shown(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            key = await published(caller, 0.5)
            answer = await caller.http.get(f"/api/models/{key}/files/weights/0.bin")
            assert answer.content == CONTENT
            headers = answer.headers
            assert (headers["content-length"], headers["content-type"]) == ("23", "application/octet-stream")
            assert headers["content-disposition"] == "attachment; filename*=UTF-8''0.bin"
            assert headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["0.bin", "..%2f..%2fadmin.token", "weights/../../x", "%2fetc%2fpasswd"])
def test_a_file_that_the_model_does_not_have(tmp_path: Path, name: str) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            key = await published(caller, 0.5)
            (tmp_path / "admin.token").write_text("secret")
            answer = await caller.http.get(f"/api/models/{key}/files/{name}")
            assert answer.status_code == 404
            assert "secret" not in answer.text

    asyncio.run(scenario())


def test_a_file_whose_bytes_are_gone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            key = await published(caller, 0.5)
            await caller.served.fleet.blobs.remove(hashlib.sha256(CONTENT).hexdigest())
            problem = await caller.refused("GET", f"/api/models/{key}/files/weights/0.bin", 404)
            assert "is not on this server" in problem["detail"]

    asyncio.run(scenario())
