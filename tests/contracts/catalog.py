"""What every catalogue must do. Inherit ``CatalogContract`` and bring a ``catalog``."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from paceline.catalog import Catalog, Find, Model, Order
from paceline.model.errors import Conflict, NotFound, UsageError
from paceline.model.file import File

T = TypeVar("T")

NOW = 1_797_379_200.0  # 2026-12-16


def origin_of(task: str) -> str:
    return hashlib.sha256(task.encode()).hexdigest()


def file(name: str = "model.skops", content: bytes = b"trees") -> File:
    return File(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def model(of: str = "1.0", attempt: int = 1, accuracy: float = 0.952, **more: object) -> Model:
    """A forest as a trainer of this task would publish it."""
    start = f"random-forest-{accuracy * 100:.1f}".replace(".", "p")
    fields: dict[str, object] = {
        "key": f"{start}-20261216-{origin_of(of)}",
        "name": f"RandomForest_{accuracy:.1%}_Dec16",
        "kind": "random_forest",
        "task": "classification",
        "metrics": {"accuracy": 1.0, "val_accuracy": accuracy, "val_loss": 1 - accuracy},
        "card": json.dumps({"target": "churned", "params": {"trees": 100}}),
        "attempt": f"{of}#{attempt}",
        "worker": "w1",
        "files": (file("config.json", b"{}"), file()),
        "created_at": NOW,
        **more,
    }
    return Model(**fields)  # type: ignore[arg-type]


class CatalogContract:
    """Every test has a catalogue of its own, empty and not opened."""

    @pytest.fixture
    def catalog(self) -> Catalog:
        raise NotImplementedError

    def play(self, catalog: Catalog, story: Callable[[Catalog], Awaitable[T]]) -> T:
        async def run() -> T:
            await catalog.open()
            try:
                return await story(catalog)
            finally:
                await catalog.close()

        return asyncio.run(run())

    # ── publishing ───────────────────────────────────────────────────────────────────────────────────────────────

    def test_what_was_added_is_there(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            kept = await catalog.add(model(), origin_of("1.0"))
            end = origin_of("1.0")[:4]
            assert kept == replace(model(), key=f"random-forest-95p2-20261216-{end}")
            assert await catalog.get(kept.key) == kept
            assert list(await catalog.find(Find())) == [kept]

        self.play(catalog, story)

    def test_the_same_once_more_changes_nothing(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            first = await catalog.add(model(), origin_of("1.0"))
            again = await catalog.add(model(created_at=NOW + 60), origin_of("1.0"))
            assert again == first
            assert len(await catalog.find(Find())) == 1

        self.play(catalog, story)

    def test_a_later_attempt_replaces(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            first = await catalog.add(model(), origin_of("1.0"))
            await catalog.tag(first.key, ["good"], [])
            later = await catalog.add(model(attempt=2, accuracy=0.961), origin_of("1.0"))
            assert (later.name, later.attempt, later.tags) == ("RandomForest_96.1%_Dec16", "1.0#2", ("good",))
            assert list(await catalog.find(Find())) == [later]
            with pytest.raises(NotFound, match="there is no model"):
                await catalog.get(first.key)

        self.play(catalog, story)

    def test_a_replaced_model_keeps_the_name_that_somebody_gave_it(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            first = await catalog.add(model(), origin_of("1.0"))
            await catalog.rename(first.key, "churn")
            assert (await catalog.add(model(attempt=2, accuracy=0.9), origin_of("1.0"))).name == "churn"

        self.play(catalog, story)

    def test_an_earlier_attempt_comes_too_late(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            later = await catalog.add(model(attempt=2), origin_of("1.0"))
            with pytest.raises(Conflict, match="attempt 1.0#1 comes too late: 1.0#2 of the same task"):
                await catalog.add(model(attempt=1), origin_of("1.0"))
            assert list(await catalog.find(Find())) == [later]

        self.play(catalog, story)

    def test_models_that_deserve_one_name_get_each_its_own(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> Sequence[str]:
            tasks = [f"1.{index}" for index in range(12)]
            kept = await asyncio.gather(*(catalog.add(model(task), origin_of(task)) for task in tasks))
            assert len({each.key for each in kept}) == 12
            return [each.name for each in kept]

        plain = "RandomForest_95.2%_Dec16"
        assert sorted(self.play(catalog, story)) == sorted([plain, *(f"{plain}_{copy}" for copy in range(2, 13))])

    def test_keys_that_begin_alike_grow_until_they_differ(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> list[str]:
            start = "random-forest-95p2-20261216"
            ends = ["7f3a" + "0" * 60, "7f3a" + "0" * 59 + "1", "7f3a" + "1" * 60]
            kept = [await catalog.add(model(key=f"{start}-{end}"), end) for end in ends]
            return [each.key.removeprefix(f"{start}-") for each in kept]

        assert self.play(catalog, story) == ["7f3a", "7f3a00", "7f3a11"]

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────

    def test_a_model_is_got_by_key_by_name_and_by_the_beginning_of_its_key(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            one = await catalog.add(model("1.0", accuracy=0.9), origin_of("1.0"))
            other = await catalog.add(model("2.0", accuracy=0.8), origin_of("2.0"))
            for word in (one.key, one.name, "random-forest-9"):
                assert await catalog.get(word) == one
            with pytest.raises(UsageError, match="'random-forest' is how several models' keys begin") as caught:
                await catalog.get("random-forest")
            assert caught.value.hint == f"say more of it: {other.key}, {one.key}"

        self.play(catalog, story)

    @pytest.mark.parametrize(
        ("word", "hint"),
        [
            ("RandomForest_95.3%_Dec16", "did you mean 'RandomForest_95.2%_Dec16'?"),
            ("zzz", "the newest is random-forest-95p2-"),
            ("", "the newest is"),
            ("%", "the newest is"),
        ],
    )
    def test_what_is_not_there_is_told_with_the_nearest(self, catalog: Catalog, word: str, hint: str) -> None:
        async def story(catalog: Catalog) -> None:
            await catalog.add(model(), origin_of("1.0"))
            with pytest.raises(NotFound, match="there is no model") as caught:
                await catalog.get(word)
            assert caught.value.hint.startswith(hint)

        self.play(catalog, story)

    def test_an_empty_catalogue_says_so(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            assert list(await catalog.find(Find())) == []
            with pytest.raises(NotFound, match="none was published yet"):
                await catalog.get("x")

        self.play(catalog, story)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            (Find(), ["3.0", "2.0", "1.0"]),
            (Find(kind="xgboost"), ["2.0"]),
            (Find(task="regression"), ["3.0"]),
            (Find(tag="good"), ["1.0"]),
            (Find(tag="bad"), []),
            (Find(text="CHURN"), ["2.0", "1.0"]),
            (Find(text="Größe"), ["3.0"]),
            (Find(text="95.2%_dec"), ["1.0"]),
            (Find(text="a.*"), []),
            (Find(since=NOW + 1), ["3.0", "2.0"]),
            (Find(order=Order.HIGHEST, metric="val_accuracy"), ["2.0", "1.0"]),
            (Find(order=Order.LOWEST, metric="val_loss"), ["2.0", "1.0"]),
            (Find(order=Order.LOWEST, metric="val_r2"), ["3.0"]),
            (Find(order=Order.HIGHEST, metric="val_accuracy", kind="random_forest"), ["1.0"]),
            (Find(order=Order.HIGHEST, metric="nothing"), []),
        ],
    )
    def test_models_are_found_by_what_is_said_of_them(
        self, catalog: Catalog, query: Find, found: Sequence[str]
    ) -> None:
        async def story(catalog: Catalog) -> list[str]:
            first = await catalog.add(model("1.0"), origin_of("1.0"))
            second = model("2.0", accuracy=0.97, kind="xgboost", name="b", created_at=NOW + 1)
            await catalog.add(second, origin_of("2.0"))
            third = model("3.0", task="regression", metrics={"val_r2": 0.5}, name="c", created_at=NOW + 2)
            card = json.dumps({"target": "größe"}, ensure_ascii=False)
            await catalog.add(replace(third, card=card), origin_of("3.0"))
            await catalog.tag(first.key, ["good"], [])
            return [each.attempt.partition("#")[0] for each in await catalog.find(query)]

        assert self.play(catalog, story) == found

    @pytest.mark.parametrize(
        "query",
        [Find(), Find(order=Order.HIGHEST, metric="val_accuracy"), Find(order=Order.LOWEST, metric="val_accuracy")],
    )
    def test_pages_leave_nothing_out_and_show_nothing_twice(self, catalog: Catalog, query: Find) -> None:
        async def story(catalog: Catalog) -> None:
            for index in range(9):
                task = f"{index}.0"
                wanted = model(task, accuracy=0.9 + index % 3 / 100, created_at=NOW + index // 2)
                await catalog.add(wanted, origin_of(task))
            whole = list(await catalog.find(query))
            assert len(whole) == 9
            paged: list[Model] = []
            step = replace(query, limit=2)
            while page := await catalog.find(step):
                paged += page
                step = replace(step, after=step.place(paged[-1]))
            assert paged == whole

        self.play(catalog, story)

    def test_a_page_of_large_cards_ends_early(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            card = json.dumps({"params": {"text": "x" * (1 << 20)}})
            for index in range(4):
                await catalog.add(model(f"{index}.0", card=card), origin_of(f"{index}.0"))
            assert len(await catalog.find(Find())) == 2

        self.play(catalog, story)

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def test_a_renamed_model_has_its_key_still(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            kept = await catalog.add(model(), origin_of("1.0"))
            renamed = await catalog.rename(kept.key, "churn")
            assert renamed == replace(kept, name="churn") == await catalog.get("churn")
            assert list(await catalog.find(Find(text="churn"))) == [renamed]
            assert await catalog.rename(kept.key, "churn") == renamed

        self.play(catalog, story)

    def test_a_name_belongs_to_one_model(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            await catalog.rename((await catalog.add(model(), origin_of("1.0"))).key, "churn")
            other = await catalog.add(model("2.0"), origin_of("2.0"))
            with pytest.raises(Conflict, match="name: another model is called 'churn'"):
                await catalog.rename(other.key, "churn")
            assert await catalog.get(other.key) == other

        self.play(catalog, story)

    def test_tags_come_and_go(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            kept = await catalog.add(model(), origin_of("1.0"))
            assert (await catalog.tag(kept.key, ["b", "a"], [])).tags == ("a", "b")
            assert (await catalog.tag(kept.key, ["a", "c"], ["b", "unknown"])).tags == ("a", "c")
            assert (await catalog.get(kept.key)).tags == ("a", "c")

        self.play(catalog, story)

    def test_a_removed_model_is_gone_and_its_name_free(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            kept = await catalog.add(model(), origin_of("1.0"))
            assert await catalog.remove(kept.key) == kept
            assert list(await catalog.find(Find())) == []
            assert (await catalog.add(model("2.0"), origin_of("2.0"))).name == kept.name

        self.play(catalog, story)

    def test_nothing_happens_to_what_is_not_there(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            for change in (catalog.rename("k", "n"), catalog.tag("k", ["t"], []), catalog.remove("k")):
                with pytest.raises(NotFound, match="there is no model 'k'"):
                    await change

        self.play(catalog, story)

    def test_it_knows_which_files_some_model_has(self, catalog: Catalog) -> None:
        async def story(catalog: Catalog) -> None:
            shared, own = file("prepare.skops", b"shared"), file("model.skops", b"own")
            await catalog.add(model("1.0", files=(shared, own)), origin_of("1.0"))
            other = await catalog.add(model("2.0", files=(shared,)), origin_of("2.0"))
            asked = [shared.sha256, own.sha256, "0" * 64]
            assert await catalog.holding(asked) == {shared.sha256, own.sha256}
            await catalog.remove((await catalog.get(other.key)).key)
            assert await catalog.holding([shared.sha256]) == {shared.sha256}

        self.play(catalog, story)
