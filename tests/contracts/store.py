"""What every store must do. Inherit ``StoreContract`` and bring a ``world``."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from paceline.model.columns import Attempts, Endings
from paceline.model.errors import StoreError
from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.job import Range
from paceline.model.queries import (
    Entries,
    Events,
    Jobs,
    LatestAttempts,
    Log,
    Reports,
    ReportsFrom,
    Results,
    Submission,
    TaskAttempts,
)
from paceline.model.records import (
    AttemptRow,
    AttemptsGranted,
    AttemptsOver,
    JobOver,
    JobShut,
    ModelChanged,
    Record,
    Snapshot,
    TokenSpent,
)
from paceline.model.task import Outcome, TaskState
from paceline.model.views import EntryRow, ResultRow, TaskView
from paceline.model.worker import WorkerState
from paceline.store import Store
from paceline.stores.output import HEAD, TAIL
from tests.contracts.records import (
    JOB,
    NOW,
    WORKER,
    cancelled,
    checkpoint,
    chunk,
    dropped,
    ended,
    granted,
    job,
    payloads,
    report,
    spec,
    succeeded,
    token,
    worker,
)


class World(Protocol):
    """One place where things are kept."""

    def store(self) -> Store:
        """A store that keeps there, not loaded yet."""
        ...

    def usurp(self) -> None:
        """Begin another server's term, past all locks."""
        ...


def keep(store: Store, *records: Record) -> asyncio.Future[None]:
    """Give a batch; the future is done once it is kept."""
    kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def tell(error: BaseException | None) -> None:
        if error is None:
            kept.set_result(None)
        else:
            kept.set_exception(error)

    store.keep(records, tell)
    return kept


@asynccontextmanager
async def opened(world: World) -> AsyncIterator[Store]:
    """A loaded store."""
    store = world.store()
    await store.load()
    try:
        yield store
    finally:
        await store.close()


async def snapshot_after(world: World, *batches: Sequence[Record]) -> Snapshot:
    """Keep batches, close, and load again."""
    async with opened(world) as store:
        for batch in batches:
            await keep(store, *batch)
    store = world.store()
    try:
        return await store.load()
    finally:
        await store.close()


class StoreContract:
    """Every test runs in a fresh ``world``."""

    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError

    # ── keep and load ───────────────────────────────────────────────────────────────────────────────────────────────

    def test_a_new_store_is_empty(self, world: World) -> None:
        snapshot = asyncio.run(snapshot_after(world))
        assert snapshot == Snapshot(epoch=2, now=0.0, next_job=1, jobs=[], workers=[], tokens=[])

    def test_everything_comes_back(self, world: World) -> None:
        kept = job(of=spec(tasks=6), token="t")
        batch: list[Record] = [
            kept,
            payloads(0, b"a", b"b", b"c"),
            payloads(3, b"d", b"e", b"f"),
            worker(),
            token(),
            granted(0, 1, 2),
            succeeded(0),
            ended(1, Outcome.LOST, retry_at=NOW + 60),
            cancelled(Range(start=4, stop=5)),
        ]
        snapshot = asyncio.run(snapshot_after(world, batch))
        (live,) = snapshot.jobs
        assert snapshot.now == NOW + 3
        assert snapshot.next_job == 2
        assert snapshot.workers == [worker()]
        assert snapshot.tokens == [token()]
        assert (live.kept, live.appended, live.shut) == (kept, 0, True)
        assert live.payloads == {1: b"b", 2: b"c", 3: b"d", 5: b"f"}
        assert live.cancels == [cancelled(Range(start=4, stop=5))]
        assert live.attempts == [
            AttemptRow(index=0, number=1, worker=WORKER, granted_at=NOW + 1, outcome="SUCCEEDED"),
            AttemptRow(index=1, number=1, worker=WORKER, granted_at=NOW + 1, outcome="LOST", retry_at=NOW + 60),
            AttemptRow(index=2, number=1, worker=WORKER, granted_at=NOW + 1),
        ]

    def test_jobs_that_are_over_stay_behind_and_their_numbers_are_not_given_again(self, world: World) -> None:
        over = JobOver(job=JobId(2), at=NOW + 9, state=TaskState.SUCCEEDED, counts={"SUCCEEDED": 4})
        batch: list[Record] = [job(1), job(2), over]
        snapshot = asyncio.run(snapshot_after(world, batch))
        assert [live.kept.job for live in snapshot.jobs] == [1]
        assert (snapshot.next_job, snapshot.now) == (3, NOW + 9)

    def test_an_open_job_has_the_tasks_that_were_appended(self, world: World) -> None:
        batch: list[Record] = [job(of=spec(is_open=True)), payloads(0, b"a", b"b"), payloads(2, b"c")]
        (live,) = asyncio.run(snapshot_after(world, batch)).jobs
        assert (live.appended, live.shut, live.payloads) == (3, False, {0: b"a", 1: b"b", 2: b"c"})

    def test_an_open_job_that_was_closed_is_shut(self, world: World) -> None:
        batch: list[Record] = [job(of=spec(is_open=True)), payloads(0, b"a"), JobShut(job=JOB, count=1)]
        (live,) = asyncio.run(snapshot_after(world, batch)).jobs
        assert (live.appended, live.shut) == (1, True)

    def test_a_task_that_still_runs_keeps_its_payload_although_it_is_cancelled(self, world: World) -> None:
        batch: list[Record] = [job(), payloads(0, b"a", b"b"), granted(0), cancelled()]
        (live,) = asyncio.run(snapshot_after(world, batch)).jobs
        assert live.payloads == {0: b"a"}

    def test_checkpoints_come_back_in_the_order_they_were_kept_but_for_those_that_were_dropped(
        self, world: World
    ) -> None:
        one, two, again = checkpoint(1, 0.5), checkpoint(2), checkpoint(1, 0.25)
        batch: list[Record] = [job(), granted(0, 1), one, checkpoint(9, index=1), two, checkpoint(3)]
        (live,) = asyncio.run(snapshot_after(world, batch, [again, dropped(3)])).jobs
        assert live.checkpoints == [each.checkpoint for each in (checkpoint(9, index=1), two, again)]

    def test_checkpoints_of_a_job_that_is_over_are_nobody_s(self, world: World) -> None:
        over = JobOver(job=JOB, at=NOW + 9, state=TaskState.SUCCEEDED, counts={"SUCCEEDED": 4})
        snapshot = asyncio.run(snapshot_after(world, [job(), granted(0), checkpoint(1), dropped(1), over]))
        assert snapshot.jobs == []

    def test_a_worker_is_as_it_last_stood(self, world: World) -> None:
        batch: list[Record] = [worker(), worker(2), worker(state=WorkerState.LOST, at=NOW + 5)]
        snapshot = asyncio.run(snapshot_after(world, batch))
        assert snapshot.workers == [worker(2), worker(state=WorkerState.LOST, at=NOW + 5)]

    def test_spent_and_expired_tokens_are_not_good(self, world: World) -> None:
        short, spent, good = token("aa", expires_at=NOW + 1), token("bb"), token("cc", expires_at=NOW + 9)
        batch: list[Record] = [short, spent, good, TokenSpent(digest="bb", at=NOW + 2)]
        assert asyncio.run(snapshot_after(world, batch)).tokens == [good]

    def test_time_never_runs_backwards(self, world: World) -> None:
        assert asyncio.run(snapshot_after(world, [job(at=NOW + 9)], [job(2, at=NOW)])).now == NOW + 9

    def test_columns_may_be_any_sequence(self, world: World) -> None:
        grants = AttemptsGranted(worker=WORKER, attempts=Attempts(job=JOB, indexes=range(3)), at=NOW)
        (live,) = asyncio.run(snapshot_after(world, [job(), grants])).jobs
        assert [(row.index, row.number) for row in live.attempts] == [(0, 1), (1, 1), (2, 1)]

    # ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def test_callbacks_come_in_order_once_the_batch_can_be_read(self, world: World) -> None:
        async def scenario() -> list[int]:
            told: list[int] = []
            async with opened(world) as store:
                for number in range(1, 20):
                    store.keep([job(number)], lambda error, number=number: told.append(number))  # type: ignore[misc]
                await keep(store, job(20))
                assert len(await store.read(Jobs())) == 20
            return told

        assert asyncio.run(scenario()) == list(range(1, 20))

    def test_close_finishes_what_was_given(self, world: World) -> None:
        async def scenario() -> list[BaseException | None]:
            told: list[BaseException | None] = []
            async with opened(world) as store:
                for number in range(1, 6):
                    store.keep([job(number)], told.append)
            return told

        assert asyncio.run(scenario()) == [None] * 5
        assert asyncio.run(snapshot_after(world)).next_job == 6

    def test_what_is_changed_after_it_was_given_is_not_kept(self, world: World) -> None:
        async def scenario() -> None:
            given = [b"a"]
            async with opened(world) as store:
                kept = keep(store, job(), payloads(0), granted(0))
                batch: list[Record] = [payloads(5, *given)]
                also = asyncio.get_running_loop().create_future()
                store.keep(batch, also.set_result)
                batch.clear()
                await kept
                assert await also is None

        asyncio.run(scenario())
        (live,) = asyncio.run(snapshot_after(world)).jobs
        assert live.payloads == {5: b"a"}

    def test_a_batch_that_cannot_be_kept_leaves_nothing_and_is_the_last(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(1))
                with pytest.raises(StoreError):
                    await keep(store, job(2), worker(), job(1))
                with pytest.raises(StoreError):
                    await keep(store, job(3))

        asyncio.run(scenario())
        snapshot = asyncio.run(snapshot_after(world))
        assert [live.kept.job for live in snapshot.jobs] == [1]
        assert snapshot.workers == []

    def test_an_attempt_is_granted_once(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), granted(0, 1))
                with pytest.raises(StoreError):
                    await keep(store, granted(1, 2))

        asyncio.run(scenario())

    def test_a_closed_store_keeps_nothing(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                pass
            with pytest.raises(StoreError, match="closed"):
                await keep(store, job())

        asyncio.run(scenario())

    # ── terms ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def test_every_load_is_a_later_epoch(self, world: World) -> None:
        assert [asyncio.run(snapshot_after(world)).epoch for _ in range(2)] == [2, 4]

    def test_a_server_whose_term_is_over_keeps_nothing(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(1))
                world.usurp()
                with pytest.raises(StoreError, match=r"another server \(epoch 2\) has taken over"):
                    await keep(store, job(2))
                with pytest.raises(StoreError, match="taken over"):
                    await keep(store, job(3))

        asyncio.run(scenario())
        assert asyncio.run(snapshot_after(world)).next_job == 2

    def test_a_server_whose_term_is_over_is_told_so_even_if_it_keeps_nothing(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store)
                world.usurp()
                with pytest.raises(StoreError, match=r"another server \(epoch 2\) has taken over"):
                    await keep(store)

        asyncio.run(scenario())

    # ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def test_a_second_end_changes_nothing(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), granted(0), succeeded(0, results=[b"4"]))
                await keep(store, ended(0, Outcome.LOST, retry_at=NOW + 60, at=NOW + 5))
                (row,) = await store.read(Results(job=JOB))
                assert (row.outcome, row.result) == ("SUCCEEDED", b"4")

        asyncio.run(scenario())

    def test_a_task_ends_for_good_once(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), granted(0), granted(0, number=2))
                await keep(store, succeeded(0, number=2, results=[b"2"]))
                await keep(store, succeeded(0, number=1, results=[b"1"]))
                (row,) = await store.read(Results(job=JOB))
                assert (row.number, row.result) == (2, b"2")

        asyncio.run(scenario())

    def test_results_are_the_final_ends_by_index(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), granted(0, 1, 2, 3), succeeded(3, 1, results=[b"3", b"1"]))
                await keep(store, ended(2, Outcome.FAILED), ended(0, Outcome.LOST, retry_at=NOW + 60))
                assert await store.read(Results(job=JOB)) == [
                    ResultRow(index=1, number=1, outcome="SUCCEEDED", code=0, detail="", result=b"1", seconds=0.0),
                    ResultRow(
                        index=2,
                        number=1,
                        outcome="FAILED",
                        code=-9,
                        detail="killed by signal 9 (SIGKILL)",
                        result=b"trace",
                        seconds=0.1,
                    ),
                    ResultRow(index=3, number=1, outcome="SUCCEEDED", code=0, detail="", result=b"3", seconds=0.0),
                ]
                assert [row.index for row in await store.read(Results(job=JOB, after=1, limit=1))] == [2]

        asyncio.run(scenario())

    def test_entries_are_what_tasks_were_made_from(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), payloads(0, b"a", b"b", b"c"), payloads(3, b"d"), granted(0), succeeded(0))
                rows = [
                    EntryRow(index=index, payload=payload) for index, payload in enumerate((b"a", b"b", b"c", b"d"))
                ]
                assert await store.read(Entries(job=JOB)) == rows
                assert await store.read(Entries(job=JOB, after=0, limit=2)) == rows[1:3]
                assert await store.read(Entries(job=JOB, after=3)) == []
                assert await store.read(Entries(job=JobId(99))) == []

        asyncio.run(scenario())

    def test_a_page_of_large_entries_fits_into_a_message(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), payloads(0, *[b"x" * (1 << 20)] * 5))
                after, seen = -1, 0
                while rows := await store.read(Entries(job=JOB, after=after)):
                    assert sum(len(row.payload) for row in rows) <= 3 << 20
                    after, seen = rows[-1].index, seen + len(rows)
                assert seen == 5

        asyncio.run(scenario())

    def test_a_page_of_large_results_fits_into_a_message(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                large = [bytes(1 << 20)] * 5
                await keep(store, job(), granted(0, 1, 2, 3, 4), succeeded(0, 1, 2, 3, 4, results=large))
                pages, after = [], -1
                while rows := await store.read(Results(job=JOB, after=after)):
                    pages.append([row.index for row in rows])
                    after = rows[-1].index
                assert pages == [[0, 1], [2, 3], [4]]

        asyncio.run(scenario())

    # ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def test_attempts_of_a_task(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, worker(), job(), granted(0, 1), ended(0, Outcome.LOST, retry_at=NOW + 60))
                await keep(store, granted(0, number=2, at=NOW + 61))
                first = TaskView(
                    job=1,
                    index=0,
                    state="BACKOFF",
                    attempt=1,
                    worker="w3",
                    outcome="LOST",
                    code=-9,
                    detail="killed by signal 9 (SIGKILL)",
                    granted_at=NOW + 1,
                    ended_at=NOW + 2,
                    seconds=0.1,
                    retry_at=NOW + 60,
                )
                second = TaskView(job=1, index=0, state="ASSIGNED", attempt=2, worker="w3", granted_at=NOW + 61)
                assert await store.read(TaskAttempts(task=TaskId(JOB, 0))) == [first, second]
                assert await store.read(TaskAttempts(task=TaskId(JOB, 3))) == []

        asyncio.run(scenario())

    def test_latest_attempts_by_page(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), granted(0, 2, 3), ended(2, Outcome.LOST, retry_at=NOW + 60))
                await keep(store, granted(2, number=2), succeeded(2, number=2), ended(3, Outcome.CANCELLED))
                views = await store.read(LatestAttempts(job=JOB))
                assert [(v.index, v.attempt, v.state) for v in views] == [
                    (0, 1, "ASSIGNED"),
                    (2, 2, "SUCCEEDED"),
                    (3, 1, "CANCELLED"),
                ]
                page = await store.read(LatestAttempts(job=JOB, after=0, limit=1))
                assert [v.index for v in page] == [2]
                assert views[0].worker == ""  # nobody introduced worker 3

        asyncio.run(scenario())

    def test_jobs_newest_first(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(1), job(2, of=spec("mean", is_open=True)), job(3), cancelled())
                counts = {"SUCCEEDED": 3, "FAILED": 1}
                await keep(store, JobOver(job=JobId(3), at=NOW + 9, state=TaskState.FAILED, counts=counts))
                third, second, first = await store.read(Jobs())
                assert (third.kept, third.count, third.ended_at) == (job(3), 4, NOW + 9)
                assert (third.state, third.counts) == (TaskState.FAILED, counts)
                assert (second.count, second.ended_at, second.state, second.counts) == (0, 0.0, "", None)
                assert second.cancels == []
                assert [(list(cancel.ranges), cancel.reason) for cancel in first.cancels] == [([], "typo")]

        asyncio.run(scenario())

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            (Jobs(limit=2), [5, 4]),
            (Jobs(before=4, limit=2), [3, 2]),
            (Jobs(name="mean"), [4, 2]),
            (Jobs(name="mean", before=4), [2]),
            (Jobs(ids=[JobId(1), JobId(4), JobId(9)]), [4, 1]),
            (Jobs(ids=[JobId(1), JobId(4)], name="mean"), [4]),
            (Jobs(ids=[JobId(1), JobId(4)], limit=1), [4]),
        ],
        ids=str,
    )
    def test_some_jobs(self, world: World, query: Jobs, numbers: list[int]) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, *(job(n, of=spec("sum" if n % 2 else "mean")) for n in range(1, 6)))
                assert [row.kept.job for row in await store.read(query)] == numbers

        asyncio.run(scenario())

    def test_a_job_counts_what_its_ranges_say(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(of=spec(tasks=1_000_000)), job(2, of=spec(is_open=True)))
                await keep(store, payloads(0, b"a"))
                assert [row.count for row in await store.read(Jobs())] == [0, 1_000_000]

        asyncio.run(scenario())

    def test_a_submission_is_known_by_its_token(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(1, token="t"), job(2), job(3, token="t"))
                assert await store.read(Submission(token="t")) == [(1, "d"), (3, "d")]
                assert await store.read(Submission(token="u")) == []
                assert await store.read(Submission(token="")) == []

        asyncio.run(scenario())

    def test_reports_come_in_order_and_the_same_step_replaces(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, report(1), report(2), report(1, '{"loss": 1}', at=NOW + 5), report(1, index=7))
                views = await store.read(Reports(job=JOB))
                assert [(v.index, v.attempt, v.step, v.values) for v in views] == [
                    (0, 1, 2, "{}"),
                    (0, 1, 1, '{"loss": 1}'),
                    (7, 1, 1, "{}"),
                ]
                assert [v.index for v in await store.read(Reports(job=JOB, index=7))] == [7]
                assert [v.step for v in await store.read(Reports(job=JOB, index=0, limit=1))] == [1]

        asyncio.run(scenario())

    def test_reports_a_page_at_a_time(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, *(report(step) for step in range(5)), report(1, index=7))
                pages, after = [], 0
                while page := await store.read(ReportsFrom(job=JOB, index=0, after=after, limit=2)):
                    pages.append([view.step for _, view in page])
                    after, _ = page[-1]
                assert pages == [[0, 1], [2, 3], [4]]
                assert [view.index for _, view in await store.read(ReportsFrom(job=JOB, after=after))] == [7]

        asyncio.run(scenario())

    @pytest.mark.parametrize("again", [0, 1, 2, 3])
    def test_a_step_that_is_said_again_moves_no_other_out_of_the_next_page(self, world: World, again: int) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, *(report(step) for step in range(4)))
                first = await store.read(ReportsFrom(job=JOB, limit=2))
                await keep(store, report(again, '{"loss": 1}'))
                rest = await store.read(ReportsFrom(job=JOB, after=first[-1][0]))
                assert [view.step for _, view in rest] == [*(step for step in (2, 3) if step != again), again]
                last, view = rest[-1]
                assert view.values == '{"loss": 1}'
                await keep(store, report(again, '{"loss": 2}'))
                assert [view.values for _, view in await store.read(ReportsFrom(job=JOB, after=last))] == [
                    '{"loss": 2}'
                ]

        asyncio.run(scenario())

    # ── output ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.parametrize(
        ("offset", "limit", "start", "data"),
        [
            (0, 100, 0, b"hello world"),
            (3, 100, 3, b"lo world"),
            (3, 4, 3, b"lo w"),
            (11, 100, 20, b"again"),
            (15, 2, 20, b"ag"),
            (25, 100, 25, b""),
            (99, 100, 99, b""),
        ],
    )
    def test_output_by_page(self, world: World, offset: int, limit: int, start: int, data: bytes) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, chunk(0, b"hello "), chunk(6, b"world"), chunk(20, b"again"))
                await keep(store, chunk(0, b"oops", stream="err"))
                query = Log(attempt=AttemptId(JOB, 0, 1), stream="out", offset=offset, limit=limit)
                page = await store.read(query)
                assert (page.start, page.data, page.size) == (start, data, 25)

        asyncio.run(scenario())

    def test_output_that_is_sent_again_is_not_kept_twice(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, chunk(0, b"hello "), chunk(6, b"wor"))
                await keep(store, chunk(0, b"hello "), chunk(6, b"world"), chunk(2, b"llo"))
                page = await store.read(Log(attempt=AttemptId(JOB, 0, 1), stream="out"))
                assert (page.data, page.size) == (b"hello world", 11)

        asyncio.run(scenario())

    def test_of_long_output_the_middle_is_shed(self, world: World) -> None:
        async def scenario() -> None:
            piece = 8 << 20
            pieces = (HEAD + TAIL) // piece + 2
            async with opened(world) as store:
                for position in range(pieces):
                    await keep(store, chunk(position * piece, bytes([position]) * piece))
                attempt = AttemptId(JOB, 0, 1)
                last = await store.read(Log(attempt=attempt, stream="out", offset=HEAD - 1, limit=2))
                assert (last.start, last.data, last.size) == (HEAD - 1, b"\x03", pieces * piece)
                later = await store.read(Log(attempt=attempt, stream="out", offset=HEAD, limit=1))
                assert (later.start, later.data) == (HEAD + 2 * piece, b"\x06")

        asyncio.run(scenario())

    def test_no_output_yet(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                page = await store.read(Log(attempt=AttemptId(JOB, 0, 1), stream="out", offset=5))
                assert (page.start, page.data, page.size) == (5, b"", 0)

        asyncio.run(scenario())

    # ── event log ───────────────────────────────────────────────────────────────────────────────────────────────────

    def test_every_change_is_a_line_without_its_bytes(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), payloads(0, b"secret"), worker(), token())
                await keep(store, granted(0, 1), report(1), chunk(0, b"secret"))
                await keep(store, succeeded(0, 1, results=[b"secret"] * 2))
                lines = await store.read(Events())
                assert [(line.seq, line.kind, line.subject) for line in lines] == [
                    (1, "job_kept", "1"),
                    (2, "tasks_kept", "1"),
                    (3, "worker_kept", "w3"),
                    (4, "token_kept", "abababababab"),
                    (5, "attempts_granted", "1"),
                    (6, "attempts_over", "1"),
                ]
                assert [line.at for line in lines] == [NOW, NOW, NOW, NOW, NOW + 1, NOW + 2]
                assert json.loads(lines[1].body) == {"first": 0, "count": 1}
                assert json.loads(lines[4].body) == {"worker": 3, "indexes": [0, 1], "numbers": [1, 1]}
                assert not any("secret" in line.body for line in lines)
                assert [line.seq for line in await store.read(Events(after=2, limit=2))] == [3, 4]

        asyncio.run(scenario())

    def test_a_cancel_says_who_and_why(self, world: World) -> None:
        async def scenario() -> None:
            async with opened(world) as store:
                await keep(store, job(), cancelled(Range(start=0, stop=2)))
                (line,) = await store.read(Events(after=1))
                assert json.loads(line.body) == {
                    "ranges": [[0, 2, 1]],
                    "outcome": "CANCELLED",
                    "by": "ada",
                    "reason": "typo",
                }

        asyncio.run(scenario())

    def test_each_line_says_who_did_it(self, world: World) -> None:
        async def scenario() -> None:
            gone = TokenSpent(digest="ab" * 32, at=NOW + 1, by="gpu")
            renamed = ModelChanged(key="k", name="old", change="renamed", to="new", by="ada", at=NOW + 2)
            async with opened(world) as store:
                await keep(store, job(), worker(), token(), gone, renamed)
                lines = await store.read(Events())
                assert [json.loads(line.body)["by"] for line in lines] == ["lab", "lab", "admin", "gpu", "ada"]
                assert (lines[-1].kind, lines[-1].subject, lines[-1].at) == ("model_changed", "k", NOW + 2)
                assert json.loads(lines[-1].body) == {"name": "old", "change": "renamed", "to": "new", "by": "ada"}

        asyncio.run(scenario())

    @pytest.mark.parametrize(
        ("query", "seqs"),
        [
            (Events(kinds=["job_kept"]), [1, 4]),
            (Events(kinds=["job_over", "job_kept"], limit=2), [1, 3]),
            (Events(kinds=["job_over", "job_kept"], limit=2, newest=True), [3, 4]),
            (Events(kinds=["token_spent"]), []),
            (Events(subject="w3"), [2]),
            (Events(subject="1", kinds=["job_over", "worker_kept"]), [3]),
            (Events(subject="1", limit=1, newest=True), [3]),
            (Events(since=NOW + 1), [3, 4]),
            (Events(since=NOW + 1, after=3), [4]),
            (Events(since=NOW + 9), []),
            (Events(limit=2, newest=True), [3, 4]),
            (Events(limit=9, newest=True, after=2), [3, 4]),
        ],
    )
    def test_some_lines(self, world: World, query: Events, seqs: list[int]) -> None:
        async def scenario() -> None:
            over = JobOver(job=JOB, at=NOW + 1, state=TaskState.SUCCEEDED, counts={"SUCCEEDED": 4})
            async with opened(world) as store:
                await keep(store, job(), worker())
                await keep(store, over, job(2, at=NOW + 2))
                assert [line.seq for line in await store.read(query)] == seqs

        asyncio.run(scenario())

    def test_a_page_of_long_lines_fits_into_a_message(self, world: World) -> None:
        async def scenario() -> None:
            endings = Endings(job=JOB, indexes=[0], outcomes=[Outcome.FAILED], details=["x" * 100_000])
            async with opened(world) as store:
                await keep(store, job(), *([AttemptsOver(worker=WORKER, endings=endings, at=NOW)] * 50))
                for newest in (False, True):
                    lines = await store.read(Events(newest=newest))
                    assert 1 < len(lines) < 30
                    assert (lines[-1].seq == 51) is newest

        asyncio.run(scenario())

    def test_ends_are_told_as_columns(self, world: World) -> None:
        async def scenario() -> None:
            endings = Endings(job=JOB, indexes=[0, 1], outcomes=[Outcome.SUCCEEDED, Outcome.FAILED], codes=[0, 3])
            async with opened(world) as store:
                await keep(store, job(), granted(0, 1), AttemptsOver(worker=WORKER, endings=endings, at=NOW))
                (line,) = await store.read(Events(after=2))
                body = json.loads(line.body)
                assert (body["indexes"], body["outcomes"], body["codes"]) == ([0, 1], ["SUCCEEDED", "FAILED"], [0, 3])

        asyncio.run(scenario())
