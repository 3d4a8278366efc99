"""Publishing, and looking after what was published, whichever way the client came."""

import asyncio
import hashlib
import math
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.catalog import Find, Model, Order
from paceline.model.errors import Conflict, NotFound, PacelineError, TryAgain, UsageError
from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.naming import parse_key, parse_name
from paceline.server.operations import models
from paceline.testing.clock import FakeClock
from tests.server.conftest import Served, serving

NOW = 1_797_379_200.0  # 2026-12-16
CARD: Mapping[str, object] = {
    "model": "random_forest",
    "task": "classification",
    "metrics": {"accuracy": 1.0, "val_accuracy": 0.9523, "val_loss": 0.1},
    "params": {"trees": 100},
    "target": "churned",
    "features": ["age"],
    "data": {"sha256": "0" * 64, "rows": 3, "columns": {"age": "int64"}},
}
ATTEMPT = AttemptId(JobId(1), 0, 1)


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def stored(served: Served, name: str = "model.skops", content: bytes = b"trees") -> File:
    """A file whose content is among the blobs."""
    sha256 = hashlib.sha256(content).hexdigest()
    await served.fleet.blobs.put(sha256, 0, chunks(content))
    return File(name=name, sha256=sha256, bytes=len(content))


async def publish(served: Served, attempt: AttemptId = ATTEMPT, **more: object) -> Model:
    file = await stored(served)
    return await models.publish(served.fleet, attempt, "w1", {**CARD, **more}, [file])


def play(home: Path, story: Callable[[Served], Awaitable[None]]) -> None:
    """Against a server that has one job of ten tasks."""

    async def run() -> None:
        async with serving(home, FakeClock(now=NOW)) as served, served.client() as client:
            run = Spec(kind="command", body=b'{"argv": ["true"]}')
            await client.submit([JobSpec(name="j", run=run, ranges=(Range(start=0, stop=10),))])
            await story(served)

    asyncio.run(run())


def test_a_model_is_named_by_what_it_is_and_how_good_it_is(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        model = await publish(served)
        assert model.name == "RandomForest_95.2%_Dec16"
        assert str(parse_key(model.key)).startswith("random-forest-95p2-20261216-")
        assert (model.kind, model.task, model.attempt, model.worker) == (
            "random_forest",
            "classification",
            "1.0#1",
            "w1",
        )
        assert (model.params, model.data["rows"], model.metric) == ({"trees": 100}, 3, "val_accuracy")
        assert (model.bytes, model.created_at) == (5, NOW)

    play(tmp_path, story)


def test_tasks_that_do_equally_well_are_told_apart(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        kept = [await publish(served, AttemptId(JobId(1), index, 1)) for index in range(3)]
        assert [parse_name(each.name).copy for each in kept] == [1, 2, 3]
        assert len({each.key for each in kept}) == 3

    play(tmp_path, story)


def test_publishing_once_more_is_the_same_model_and_a_later_attempt_replaces_it(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        first = await publish(served)
        assert await publish(served) == first
        later = await publish(served, AttemptId(JobId(1), 0, 2), metrics={"val_accuracy": 0.97})
        assert later.name == "RandomForest_97.0%_Dec16"
        with pytest.raises(Conflict, match="attempt 1.0#1 comes too late"):
            await publish(served)
        assert list(await models.find(served.fleet, Find())) == [later]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": None}, "card.model: is missing"),
        ({"model": "Random Forest"}, "model: 'Random Forest' is not a kind of model"),
        ({"task": ""}, "card.task: is missing"),
        ({"task": 7}, "card.task: 7 is not a short text"),
        ({"metrics": {}}, "card.metrics: is missing"),
        ({"metrics": [1]}, "card.metrics: is missing"),
        ({"metrics": {"val_accuracy": math.nan}}, "card.metrics.val_accuracy: nan is not a finite number"),
        ({"metrics": {"val_accuracy": "good"}}, "card.metrics.val_accuracy: 'good' is not a finite number"),
        ({"metrics": {"val_accuracy": 95.2}}, "card.metrics.val_accuracy: 95.2 is not between 0 and 1"),
        ({"metrics": {"$where": 1.0}}, "metrics: '\\$where' is not a name"),
        ({"metrics": {"Accuracy": 1.0}}, "metrics: none of 'Accuracy' can name a model"),
        ({"params": [1]}, "card.params: a mapping is needed, got list"),
        ({"features": "age"}, "card.features: a list is needed, got str"),
        ({"simulated": True}, "card.simulated: a simulated training makes no model"),
        ({"params": {"text": "x" * (1 << 20)}}, "card: 1,048,.* bytes, limit 1,048,576"),
        ({"params": {"function": print}}, "card: Object of type builtin_function_or_method is not JSON"),
    ],
)
def test_a_card_that_says_too_little_or_nonsense_is_refused(
    change: Mapping[str, object], message: str, tmp_path: Path
) -> None:
    async def story(served: Served) -> None:
        with pytest.raises(UsageError, match=message):
            await publish(served, ATTEMPT, **change)
        assert not await models.find(served.fleet, Find())

    play(tmp_path, story)


def test_numbers_that_json_does_not_have_become_null(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        model = await publish(served, params={"missing": math.nan, "limits": [math.inf, 1]})
        assert model.params == {"missing": None, "limits": [None, 1]}

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "../../etc/passwd"}, "files: '../../etc/passwd' is not the name of a file inside"),
        ({"name": "/etc/passwd"}, "is not the name of a file inside"),
        ({"name": "a\\b"}, "is not the name of a file inside"),
        ({"name": ""}, "is not the name of a file inside"),
        ({"name": "a//b"}, "is not the name of a file inside"),
        ({"name": "x" * 201}, "is not the name of a file inside"),
        ({"name": "model.pkl"}, "files: 'model.pkl' is a pickle by its name: whoever loads one runs the code in it"),
        ({"name": "weights/model.PT"}, "is a pickle by its name"),
        ({"sha256": "../secret"}, "sha256: '../secret' is not 64 hexadecimal digits"),
        ({"bytes": -1}, "files: model.skops: -1 bytes are less than none"),
    ],
)
def test_a_file_that_no_folder_may_get_is_refused(change: Mapping[str, object], message: str, tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        file = replace(await stored(served), **change)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=message):
            await models.publish(served.fleet, ATTEMPT, "w1", CARD, [file])

    play(tmp_path, story)


def test_a_pickle_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        file = await stored(served, "pytorch_model.bin", pickle.dumps({"weights": [0.5]}))
        with pytest.raises(UsageError, match=r"files: 'pytorch_model\.bin' is a pickle by its content"):
            await models.publish(served.fleet, ATTEMPT, "w1", CARD, [file])

    play(tmp_path, story)


def test_a_model_needs_files_each_once_and_here(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        file = await stored(served)
        for files, kind, message in (
            ([], UsageError, "files: a model needs at least one"),
            ([file, file], UsageError, "files: 'model.skops' is there twice"),
            ([replace(file, sha256="0" * 64)], TryAgain, "files: 'model.skops' is not here"),
        ):
            with pytest.raises(kind, match=message):
                await models.publish(served.fleet, ATTEMPT, "w1", CARD, files)
        with pytest.raises(NotFound, match="there is no job 7"):
            await publish(served, AttemptId(JobId(7), 0, 1))

    play(tmp_path, story)


# ── from a client ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", ["near", "far"])
def test_a_client_sees_changes_and_downloads_models(way: str, tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        content = bytes(range(256)) * 10_000
        file = await stored(served, "weights/0.bin", content)
        kept = await models.publish(served.fleet, ATTEMPT, "w1", CARD, [file])
        async with served.client(way) as client:
            assert [model async for model in client.models()] == [kept]
            assert await client.model(kept.key[:-2]) == kept
            assert (await client.rename_model(kept.name, "churn")).name == "churn"
            assert (await client.tag_model("churn", add=["good", "old"])).tags == ("good", "old")
            assert (await client.tag_model("churn", remove=["old"])).tags == ("good",)
            assert b"".join([chunk async for chunk in client.download(file.sha256)]) == content
            assert (await client.remove_model("churn")).key == kept.key
            with pytest.raises(NotFound, match="none was published yet"):
                await client.model("churn")

    play(tmp_path, story)


@pytest.mark.parametrize("way", ["near", "far"])
def test_a_client_goes_through_pages_without_noticing(way: str, tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        for index in range(5):
            await publish(served, AttemptId(JobId(1), index, 1), metrics={"val_accuracy": index / 4})
        async with served.client(way) as client:
            assert len({model.key async for model in client.models(page=2)}) == 5
            for order, values in ((None, [1.0, 0.75, 0.5, 0.25, 0.0]), (Order.LOWEST, [0.0, 0.25, 0.5, 0.75, 1.0])):
                models = client.models(by="val_accuracy", order=order, page=2)
                assert [model.metrics["val_accuracy"] async for model in models] == values

    play(tmp_path, story)


@pytest.mark.parametrize("way", ["near", "far"])
def test_last_is_the_newest_and_best_the_best_of_its_sort(way: str, tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        clock = served.fleet.clock
        assert isinstance(clock, FakeClock)
        for index, (target, accuracy) in enumerate([("iris", 0.99), ("churned", 0.9), ("churned", 0.8)]):
            clock.advance(1)
            metrics = {"val_accuracy": accuracy}
            await publish(served, AttemptId(JobId(1), index, 1), metrics=metrics, target=target)
        async with served.client(way) as client:
            assert (await client.model("last")).metrics["val_accuracy"] == 0.8
            assert (await client.model("best")).metrics["val_accuracy"] == 0.9

    play(tmp_path, story)


@pytest.mark.parametrize("way", ["near", "far"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("last", "name: 'last' already means something"),
        ("random-forest-95p2-20261216-7f3a", "already means something"),
        ("", "name: '' cannot be a name"),
        (" churn", "cannot be a name"),
        ("a/b", "cannot be a name"),
        ("a\nb", "cannot be a name"),
    ],
)
def test_a_name_that_would_mean_something_else_is_refused(way: str, name: str, message: str, tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        kept = await publish(served)
        async with served.client(way) as client:
            with pytest.raises(UsageError, match=message):
                await client.rename_model(kept.key, name)

    play(tmp_path, story)


@pytest.mark.parametrize("way", ["near", "far"])
def test_what_cannot_be_asked_or_done_is_told(way: str, tmp_path: Path) -> None:
    async def refused(call: Awaitable[object], kind: type[PacelineError], message: str) -> None:
        with pytest.raises(kind, match=message):
            await call

    async def story(served: Served) -> None:
        kept = await publish(served)
        other = await publish(served, AttemptId(JobId(1), 1, 1))
        async with served.client(way) as client:
            await refused(client.rename_model(kept.key, other.name), Conflict, "another model is called")
            await refused(client.tag_model(kept.key, add=["no tag"]), UsageError, "tag: 'no tag' is not a tag")
            many = [f"t{index}" for index in range(51)]
            await refused(client.tag_model(kept.key, add=many), UsageError, "would have 51 tags, at most 50")
            await refused(client.remove_model("RandomForest"), NotFound, "there is no model 'RandomForest'")
            strange, unusual = client.models(by="$where", order=Order.LOWEST), client.models(by="coherence")
            await refused(anext(strange), UsageError, "metrics: '\\$where' is not a name")
            await refused(anext(unusual), UsageError, "nobody can know whether more or less 'coherence' is better")
            await refused(anext(client.download("../../etc")), UsageError, "is not 64 hexadecimal digits")
            await refused(anext(client.download("0" * 64)), NotFound, "is not on this server")

    play(tmp_path, story)


def test_the_files_of_a_removed_or_replaced_model_go_unless_another_has_them_too(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        room, fleet = served.fleet.storeroom, served.fleet
        shared, old, new = [await stored(served, name, name.encode()) for name in ("prepare", "old", "new")]
        await models.publish(fleet, ATTEMPT, "w1", CARD, [shared, old])
        await models.publish(fleet, AttemptId(JobId(1), 0, 2), "w1", CARD, [shared, new])
        other = await models.publish(fleet, AttemptId(JobId(1), 1, 1), "w1", CARD, [shared])
        assert fleet.watch.dropped.is_set()
        assert await room.tidy() == 1
        assert [await room.blobs.has(file.sha256) for file in (shared, old, new)] == [True, False, True]
        await models.remove(fleet, other.key)
        assert await room.tidy() == 0
        await models.remove(fleet, (await models.find(fleet, Find()))[0].key)
        assert await room.tidy() == 2

    play(tmp_path, story)


def test_a_model_whose_files_are_gone_says_so(tmp_path: Path) -> None:
    async def story(served: Served) -> None:
        model = await publish(served)
        await served.fleet.blobs.remove(model.files[0].sha256)
        async with served.client() as client:
            with pytest.raises(NotFound, match="is not on this server") as caught:
                await anext(client.download(model.files[0].sha256))
            assert "published through another one" in caught.value.hint

    play(tmp_path, story)
