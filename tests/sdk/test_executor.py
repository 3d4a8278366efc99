"""The standard library's contract, kept against a fleet of the test's own. tests/system keeps it against a real one."""

import concurrent.futures
import functools
import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, CancelledError

import pytest

from paceline import Executor, Future
from paceline.model.errors import Conflict, NotAllowed, PacelineError, TaskFailed, Unreachable, UsageError
from paceline.sdk.handles import Future as Handle
from paceline.wire.gen import fleet_pb2 as wire
from tests.sdk.fleet import BlockingFleet
from tests.sdk.work import Box, Unwilling, add, add_one, fail, fail_at, summed


@pytest.fixture
def executor(fleet: BlockingFleet) -> Iterator[Executor]:
    made = Executor(fleet.fleet.options)
    yield made
    made.shutdown(cancel_futures=True)


def started(fleet: BlockingFleet, future: Future[int]) -> None:
    """Have the server say so, and wait until the future knows."""
    fleet.run(fleet.fleet.start_tasks(*place(fleet, future)))
    while not future.running():
        fleet.run(fleet.fleet.say())


def place(fleet: BlockingFleet, future: Future[int]) -> tuple[int, list[int]]:
    """The task's job and index, once the server has heard of it."""
    job, index = future.task_id
    fleet.run(fleet.fleet.heard_that(lambda s: len(s.jobs[job].payloads) > index))
    return job, [index]


def test_a_call_has_a_result(executor: Executor) -> None:
    assert executor.submit(pow, 2, 5).result() == 32
    assert executor.submit(add, 1, b=2).result() == 3


def test_any_callable_can_be_called(executor: Executor) -> None:
    offset = 4
    assert executor.submit(lambda x: x + offset, 1).result() == 5
    assert executor.submit(Box.make(3).grown, 1).result() == 4
    assert executor.submit(Box.make, 3).result().size == 3
    assert executor.submit(add_one, 5).result() == 6
    assert executor.submit("ab".upper).result() == "AB"


def test_a_closure_is_sent_as_it_is_at_each_call(executor: Executor) -> None:
    seen: list[int] = []
    count = lambda: len(seen)  # noqa: E731
    assert executor.submit(count).result() == 0
    seen.append(1)
    assert executor.submit(count).result() == 1


def test_calls_of_one_function_are_tasks_of_one_job(executor: Executor, fleet: BlockingFleet) -> None:
    ids = [executor.submit(add, n).task_id for n in range(3)] + [executor.submit(pow, 1, 1).task_id]
    assert [str(each) for each in ids] == ["1.0", "1.1", "1.2", "2.0"]
    spec = fleet.fleet.jobs[1].spec
    assert (spec.name, spec.open, spec.owner, spec.run.kind) == ("add", True, "ada", "function")


def test_map_is_in_order(executor: Executor) -> None:
    assert list(executor.map(pow, range(10), range(10))) == [n**n for n in range(10)]
    assert list(executor.map(pow, range(7), range(7), chunksize=3)) == [n**n for n in range(7)]
    assert list(executor.map(pow, [], [])) == []


def test_map_of_many_goes_in_few_words(executor: Executor, fleet: BlockingFleet) -> None:
    assert list(executor.map(add, range(5000))) == list(range(5000))
    assert len(fleet.fleet.said("append")) <= 10


def test_a_chunk_is_one_task(executor: Executor, fleet: BlockingFleet) -> None:
    assert list(executor.map(add, range(10), chunksize=4)) == list(range(10))
    assert len(fleet.fleet.jobs[1].payloads) == 3


def test_map_raises_where_the_call_did(executor: Executor) -> None:
    results = executor.map(fail_at, [2] * 5, range(5))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(LookupError):
        next(results)


def test_map_gives_up_in_time(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    results = executor.map(add, [1, 2], timeout=0)
    with pytest.raises(TimeoutError):
        next(results)
    fleet.run(fleet.fleet.heard_that(lambda s: s.said("cancel")))  # the rest is withdrawn


def test_chunks_have_a_size(executor: Executor) -> None:
    with pytest.raises(ValueError, match="chunksize must be >= 1"):
        executor.map(add, [1], chunksize=0)


def test_an_exception_comes_home_with_its_traceback(executor: Executor) -> None:
    error = executor.submit(fail, "bad value").exception()
    assert isinstance(error, ValueError)
    assert str(error) == "bad value"
    assert "Traceback: over there" in str(error.__cause__)


def test_other_ends_are_task_failures(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    future = executor.submit(add, 1)
    job, indexes = place(fleet, future)
    fleet.run(fleet.fleet.end_tasks(job, indexes, "TIMEOUT", "ran longer than 30 s"))
    with pytest.raises(TaskFailed, match=r"task 1\.0 ended as TIMEOUT: ran longer than 30 s") as caught:
        future.result()
    assert caught.value.task == "1.0"
    assert caught.value.ending.outcome == "TIMEOUT"


def test_a_waiting_call_can_be_cancelled(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    future = executor.submit(add, 1)
    assert future.cancel()
    assert future.cancel()
    assert future.cancelled()
    with pytest.raises(CancelledError):
        future.result()
    assert concurrent.futures.wait([future]).done == {future}
    fleet.run(fleet.fleet.heard_that(lambda s: s.said("cancel")))


def test_a_running_call_cannot_be_cancelled_but_killed(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    future = executor.submit(add, 1)
    started(fleet, future)
    assert not future.cancel()
    future.kill("enough")
    with pytest.raises(CancelledError):
        future.result()
    assert fleet.fleet.said("cancel")[0].request.reason == "enough"


def test_a_task_that_others_cancel_is_cancelled_here(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    future = executor.submit(add, 1)
    job, indexes = place(fleet, future)
    fleet.run(fleet.fleet.end_tasks(job, indexes, "CANCELLED", "no longer wanted"))
    with pytest.raises(CancelledError, match="no longer wanted"):
        future.result()


def test_what_was_never_begun_when_its_job_ends_is_cancelled(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    future = executor.submit(add, 1)
    job, _ = place(fleet, future)
    fleet.run(fleet.fleet.say(wire.FleetWord(over=wire.JobOver(job=job, state="CANCELLED"))))
    with pytest.raises(CancelledError, match="job 1 is over"):
        future.result()
    assert executor.submit(add, 2).task_id.job == 2


def test_many_cancellations_are_one_word(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    futures = [executor.submit(add, n) for n in range(100)]
    place(fleet, futures[-1])
    executor.shutdown(cancel_futures=True)
    assert all(future.cancelled() for future in futures)
    ranges = [each for said in fleet.fleet.said("cancel") for each in said.request.ranges]
    assert sum(each.stop - each.start for each in ranges) == 100
    assert len(ranges) < 20


def test_callbacks_are_called_with_the_future(executor: Executor) -> None:
    called: concurrent.futures.Future[object] = concurrent.futures.Future()
    future = executor.submit(add, 1)
    future.add_done_callback(called.set_result)
    assert called.result() is future


def test_waiting_in_a_callback_is_refused_not_hung(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    said: concurrent.futures.Future[str] = concurrent.futures.Future()

    def callback(future: concurrent.futures.Future[int]) -> None:
        assert isinstance(future, Handle)
        try:
            future.logs()
        except RuntimeError as error:
            said.set_result(str(error))

    future = executor.submit(add, 1)
    future.add_done_callback(callback)
    fleet.run(fleet.fleet.end_tasks(*place(fleet, future)))
    assert "wait for itself" in said.result()


def test_results_and_exceptions_time_out(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    future = executor.submit(add, 1)
    with pytest.raises(TimeoutError):
        future.result(timeout=0)
    with pytest.raises(TimeoutError):
        future.exception(timeout=0)
    with pytest.raises(TimeoutError):
        list(concurrent.futures.as_completed([future], timeout=0))


def test_waiting_for_the_first(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    slow, quick = executor.submit(add, 1), executor.submit(add, 2)
    fleet.run(fleet.fleet.end_tasks(*place(fleet, quick)))
    done, rest = concurrent.futures.wait([slow, quick], return_when=FIRST_COMPLETED)
    assert (done, rest) == ({quick}, {slow})


def test_waiting_for_the_first_exception(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    good, bad, slow = executor.submit(add, 1), executor.submit(add, 2, b="x"), executor.submit(add, 3)  # type: ignore[arg-type]
    for future in (good, bad):
        fleet.run(fleet.fleet.end_tasks(*place(fleet, future)))
    done, rest = concurrent.futures.wait({good, bad, slow}, return_when=FIRST_EXCEPTION)
    assert bad in done
    assert slow in rest


def test_waiting_for_all(executor: Executor) -> None:
    futures = [executor.submit(add, n) for n in range(20)]
    assert concurrent.futures.wait(futures, return_when=ALL_COMPLETED).not_done == set()
    assert {future.result() for future in concurrent.futures.as_completed(futures)} == set(range(20))


def test_shutdown_waits_for_all_and_may_be_repeated(fleet: BlockingFleet) -> None:
    executor = Executor(fleet.fleet.options)
    futures = [executor.submit(add, n) for n in range(5)]
    executor.shutdown()
    assert all(future.done() for future in futures)
    assert fleet.fleet.jobs[1].closed
    executor.shutdown()
    executor.shutdown(wait=False, cancel_futures=True)


def test_shutdown_without_waiting_lets_the_calls_end(fleet: BlockingFleet) -> None:
    executor = Executor(fleet.fleet.options)
    future = executor.submit(add, 7)
    executor.shutdown(wait=False)
    assert future.result() == 7
    executor.shutdown()
    assert fleet.fleet.jobs[1].closed


def test_nothing_is_taken_after_shutdown(fleet: BlockingFleet) -> None:
    with Executor(fleet.fleet.options) as executor:
        pass
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(add, 1)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.map(add, [1])


def test_an_executor_that_is_dropped_leaves(fleet: BlockingFleet) -> None:
    executor = Executor(fleet.fleet.options)
    future = executor.submit(add, 1)
    del executor
    gc.collect()
    assert future.result() == 1
    fleet.run(fleet.fleet.heard_that(lambda s: s.jobs[1].closed))


def test_results_are_not_kept(executor: Executor) -> None:
    results = executor.map(Box.make, [1, 2])
    first = weakref.ref(next(results))
    gc.collect()
    assert first() is None
    second = executor.submit(Box.make, 1)
    box = weakref.ref(second.result())
    del second
    gc.collect()
    assert box() is None


def test_options_shape_the_job(fleet: BlockingFleet) -> None:
    with Executor(
        fleet.fleet.options, cpu=2, memory="8GiB", gpu="A100:2", retries=3, timeout="1h", limit=4
    ) as executor:
        executor.submit(add, 1)
    spec = fleet.fleet.jobs[1].spec
    need = spec.needs[0]
    assert (need.cpu, need.memory, need.gpu.milli, list(need.gpu.models)) == (2000, 8 << 30, 2000, ["A100"])
    assert (spec.retry.failures, spec.run.timeout, spec.limit) == (3, 3600, 4)
    assert any(feature.startswith("python3.") for feature in need.features)


def test_a_task_brings_its_own_options(fleet: BlockingFleet) -> None:
    with Executor(fleet.fleet.options, cpu=1, priority=5) as executor:
        assert executor.submit(summed, 1, 2).result() == 3
    spec = fleet.fleet.jobs[1].spec
    assert (spec.name, spec.needs[0].cpu, spec.retry.failures, spec.priority) == ("sum", 2000, 1, 5)


def test_an_option_that_does_not_exist(fleet: BlockingFleet) -> None:
    with pytest.raises(UsageError, match="retry: there is no such option") as caught:
        Executor(fleet.fleet.options, retry=3)  # type: ignore[call-arg]
    assert "'retries'" in caught.value.hint


def test_initializers_are_not_supported(fleet: BlockingFleet) -> None:
    with pytest.raises(UsageError, match="initializer: there is no such option"):
        Executor(fleet.fleet.options, initializer=print)  # type: ignore[call-arg]


def test_what_cannot_be_pickled_is_refused_at_once(executor: Executor) -> None:
    with pytest.raises(TypeError, match="not me"):
        executor.submit(id, Unwilling())
    assert executor.submit(add, 1).result() == 1


def test_repr_says_where(executor: Executor, fleet: BlockingFleet) -> None:
    assert repr(executor) == f"<paceline.Executor on {fleet.fleet.options.address}>"


def test_logs_and_explanations_are_at_hand(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.replies["Logs"] = [[wire.LogsReply(data=b"hello\n", size=6, stream="out")]]
    fleet.fleet.replies["Explain"] = wire.ExplainReply(job=1, state="WAITING", nearest="gpu-3 lacks 6 GiB")
    future = executor.submit(add, 1)
    assert future.logs() == "hello\n"
    assert future.explain().nearest == "gpu-3 lacks 6 GiB"


def test_calls_outlast_a_restart_of_the_server(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    futures = [executor.submit(add, n) for n in range(3)]
    place(fleet, futures[2])
    fleet.fleet.held = False
    for index in range(3):
        fleet.fleet.jobs[1].ends[index] = fleet.fleet._run(1, index)
    fleet.run(fleet.fleet.restart())
    assert [future.result() for future in futures] == [0, 1, 2]
    assert executor.submit(add, 3).result() == 3


def test_a_job_that_was_cancelled_as_a_whole_is_replaced(executor: Executor, fleet: BlockingFleet) -> None:
    assert executor.submit(add, 1).result() == 1
    fleet.fleet.problems = [Conflict("job 1 was cancelled")]
    with pytest.raises(Conflict, match="job 1 was cancelled"):
        executor.submit(add, 2).result()
    again = executor.submit(add, 3)
    assert (again.result(), str(again.task_id)) == (3, "2.0")


def test_a_submission_that_is_refused_fails_its_calls(executor: Executor, fleet: BlockingFleet) -> None:
    fleet.fleet.problems = [UsageError("needs.cpu: too many")]
    future = executor.submit(add, 1)
    with pytest.raises(UsageError, match=r"needs\.cpu: too many"):
        future.result()
    with pytest.raises(UsageError):
        future.task_id  # noqa: B018


def test_functions_that_change_at_each_call_do_not_pile_up(executor: Executor, fleet: BlockingFleet) -> None:
    futures = [executor.submit(functools.partial(add, n)) for n in range(100)]
    assert [future.result() for future in futures] == list(range(100))
    fleet.run(fleet.fleet.heard_that(lambda s: sum(job.closed for job in s.jobs.values()) >= 100 - 64))


def test_no_server_says_what_to_type(fleet: BlockingFleet) -> None:
    fleet.run(fleet.fleet.stop())
    with pytest.raises(Unreachable, match="no Paceline server answers") as caught:
        Executor(fleet.fleet.options)
    assert "paceline up" in caught.value.hint


def test_a_wrong_token_is_told_at_once(fleet: BlockingFleet) -> None:
    fleet.fleet.refusals = [NotAllowed("the token is not known here")]
    with pytest.raises(NotAllowed):
        Executor(fleet.fleet.options)


def test_a_server_too_new_is_told_at_once(fleet: BlockingFleet) -> None:
    fleet.fleet.replies["protocol"] = 9
    with pytest.raises(PacelineError, match="protocol 9"):
        Executor(fleet.fleet.options)
