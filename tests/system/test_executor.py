"""The contract of ``concurrent.futures.Executor``, against a real server and a real worker.

The cases are those of the standard library's own test suite for its executors (map, submit, wait, as_completed,
shutdown, futures), as far as they hold for any executor.
"""

import concurrent.futures
import gc
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, CancelledError
from pathlib import Path

import pytest

from paceline import Executor, TaskFailed, UsageError
from tests.system.calls import (
    Box,
    add,
    be_stubborn,
    fail,
    fail_at,
    large,
    nap,
    say,
    tokens,
    vanish,
    wait_for,
)
from tests.system.conftest import Fleet, until

pytestmark = pytest.mark.system


@pytest.fixture
def executor(fleet: Fleet) -> Iterator[Executor]:
    made = Executor(fleet.options)
    yield made
    made.shutdown(cancel_futures=True)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file that ``wait_for`` waits for; open at the end of the test, however it went."""
    place = tmp_path / "gate"
    yield place
    place.touch()


# ── submit ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_submit(executor: Executor) -> None:
    assert executor.submit(pow, 2, 8).result() == 256


def test_submit_keyword(executor: Executor) -> None:
    assert executor.submit(add, 1, b=7).result() == 8
    assert executor.submit(dict, self=1, fn=2).result() == {"self": 1, "fn": 2}
    with pytest.raises(TypeError):
        executor.submit(fn=add, arg=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        executor.submit(arg=1)  # type: ignore[call-arg]


def test_functions_of_this_file_and_lambdas(executor: Executor) -> None:
    def doubled(x: int) -> int:
        return x * factor

    factor = 2
    assert executor.submit(doubled, 21).result() == 42
    assert executor.submit(lambda: sys.version_info[:2]).result() == sys.version_info[:2]


def test_an_exception_comes_home(executor: Executor) -> None:
    with pytest.raises(ValueError, match="bad value") as caught:
        executor.submit(fail, "bad value").result()
    assert "raise ValueError(text)" in str(caught.value.__cause__)


def test_an_exception_that_cannot_be_pickled_still_says_what_it_was(executor: Executor) -> None:
    error = executor.submit(be_stubborn).exception()
    assert error is not None
    assert "first" in str(error)


def test_a_function_that_kills_its_process_fails_alone(executor: Executor) -> None:
    dead = executor.submit(vanish)
    with pytest.raises(TaskFailed):
        dead.result()
    assert executor.submit(add, 1).result() == 1


def test_a_result_that_is_too_large_is_told(executor: Executor) -> None:
    with pytest.raises(TaskFailed, match="REJECTED"):
        executor.submit(large, 2 << 20).result()


def test_an_argument_that_is_too_large_is_told_at_once(executor: Executor) -> None:
    with pytest.raises(UsageError, match="its arguments take"):
        executor.submit(len, bytes(2 << 20))


def test_no_secret_reaches_a_task(executor: Executor) -> None:
    assert executor.submit(tokens).result() == []


# ── map ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_map(executor: Executor) -> None:
    assert list(executor.map(pow, range(10), range(10))) == [n**n for n in range(10)]
    assert list(executor.map(pow, range(10), range(10), chunksize=3)) == [n**n for n in range(10)]


def test_map_exception(executor: Executor) -> None:
    results = executor.map(divmod, [1, 1, 1, 1], [2, 3, 0, 5])
    assert next(results) == (0, 1)
    assert next(results) == (0, 1)
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_map_keeps_order_whatever_ends_first(executor: Executor) -> None:
    assert list(executor.map(nap, [0.3, 0.0, 0.1], [1, 2, 3])) == [1, 2, 3]


def test_map_timeout(executor: Executor, gate: Path) -> None:
    results: list[int] = []
    with pytest.raises(TimeoutError):
        results.extend(executor.map(wait_for, [str(gate.parent), str(gate)], timeout=1))
    gate.touch()


def test_many(executor: Executor) -> None:
    assert list(executor.map(add, range(20_000))) == list(range(20_000))


# ── futures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_result_and_exception_time_out(executor: Executor, gate: Path) -> None:
    future = executor.submit(wait_for, str(gate), 5)
    with pytest.raises(TimeoutError):
        future.result(timeout=0)
    with pytest.raises(TimeoutError):
        future.exception(timeout=0.1)
    gate.touch()
    assert future.result() == 5
    assert future.exception() is None


def test_callbacks(executor: Executor) -> None:
    seen: concurrent.futures.Future[object] = concurrent.futures.Future()
    future = executor.submit(add, 1)
    future.add_done_callback(seen.set_result)
    assert seen.result(timeout=30) is future


def test_a_callback_that_raises_spoils_nothing(executor: Executor) -> None:
    def broken(future: object) -> None:
        raise RuntimeError("in a callback")

    future = executor.submit(add, 1)
    future.add_done_callback(broken)
    assert future.result() == 1
    assert executor.submit(add, 2).result() == 2


def test_states(executor: Executor, gate: Path) -> None:
    future = executor.submit(wait_for, str(gate))
    until(future.running, "the future runs")
    assert not future.cancel()
    assert not future.done()
    gate.touch()
    future.result()
    assert future.done()
    assert not future.running()
    assert not future.cancelled()


def test_cancel(fleet: Fleet, gate: Path) -> None:
    with Executor(fleet.options, cpu=4) as executor:
        first = executor.submit(wait_for, str(gate))
        until(first.running, "the first one runs")
        waiting = [executor.submit(add, n) for n in range(500)]
        assert waiting[-1].cancel()
        with pytest.raises(CancelledError):
            waiting[-1].result()
        gate.touch()
        assert waiting[0].result() == 0


def test_kill(executor: Executor) -> None:
    future = executor.submit(nap, 300)
    until(future.running, "the future runs")
    future.kill("enough")
    with pytest.raises(CancelledError):
        future.result(timeout=30)


def test_a_timeout_ends_the_task(fleet: Fleet) -> None:
    with Executor(fleet.options, timeout="1s") as executor, pytest.raises(TaskFailed, match="TIMEOUT"):
        executor.submit(nap, 300).result(timeout=30)


def test_logs_and_explanations(executor: Executor) -> None:
    future = executor.submit(say, "hello")
    future.result()
    assert future.logs("out") == "hello\n"
    assert future.logs("err") == "hello\n"
    assert future.explain().state == "SUCCEEDED"
    assert future.task_id.index == 0


# ── wait and as_completed ────────────────────────────────────────────────────────────────────────────────────────────


def test_first_completed(executor: Executor, gate: Path) -> None:
    slow, quick = executor.submit(wait_for, str(gate)), executor.submit(add, 21)
    done, rest = concurrent.futures.wait([slow, quick], return_when=FIRST_COMPLETED)
    assert (done, rest) == ({quick}, {slow})
    gate.touch()


def test_first_exception(executor: Executor, gate: Path) -> None:
    good, bad, slow = executor.submit(add, 2), executor.submit(fail_at, 1, 1), executor.submit(wait_for, str(gate))
    good.result()
    done, rest = concurrent.futures.wait([good, bad, slow], return_when=FIRST_EXCEPTION)
    assert (done, rest) == ({good, bad}, {slow})
    gate.touch()


def test_all_completed(executor: Executor) -> None:
    futures = [executor.submit(add, 1), executor.submit(fail_at, 1, 1), executor.submit(nap, 0.1)]
    done, rest = concurrent.futures.wait(futures, return_when=ALL_COMPLETED)
    assert (done, rest) == (set(futures), set())


def test_wait_times_out(executor: Executor, gate: Path) -> None:
    quick, slow = executor.submit(add, 6), executor.submit(wait_for, str(gate))
    quick.result()
    done, rest = concurrent.futures.wait([quick, slow], timeout=0.1)
    assert (done, rest) == ({quick}, {slow})
    gate.touch()


def test_as_completed(executor: Executor, gate: Path) -> None:
    slow, quick = executor.submit(wait_for, str(gate)), executor.submit(add, 1)
    order = concurrent.futures.as_completed([slow, quick, quick])
    assert next(order) is quick
    gate.touch()
    assert list(order) == [slow]


def test_as_completed_times_out(executor: Executor, gate: Path) -> None:
    slow = executor.submit(wait_for, str(gate))
    with pytest.raises(TimeoutError):
        list(concurrent.futures.as_completed([slow], timeout=0))
    gate.touch()


# ── shutdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_after_shutdown(fleet: Fleet) -> None:
    executor = Executor(fleet.options)
    executor.shutdown()
    executor.shutdown()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(add, 2)


def test_leaving_the_context_waits(fleet: Fleet) -> None:
    with Executor(fleet.options) as executor:
        futures = [executor.submit(nap, 0.1) for _ in range(5)]
    assert all(future.done() for future in futures)


def test_shutdown_without_waiting(fleet: Fleet) -> None:
    executor = Executor(fleet.options)
    futures = [executor.submit(nap, 0.1, n) for n in range(3)]
    executor.shutdown(wait=False)
    assert [future.result() for future in futures] == [0, 1, 2]


def test_shutdown_cancels_what_waits(fleet: Fleet) -> None:
    executor = Executor(fleet.options)
    futures = [executor.submit(nap, 0.05) for _ in range(200)]
    executor.shutdown(cancel_futures=True)
    assert any(future.cancelled() for future in futures)
    assert all(future.done() for future in futures)


def test_a_dropped_executor_lets_its_calls_end(fleet: Fleet) -> None:
    executor = Executor(fleet.options)
    future = executor.submit(nap, 0.1, 7)
    del executor
    gc.collect()
    assert future.result() == 7


# ── nothing is kept ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_map_keeps_no_results(executor: Executor) -> None:
    for box in executor.map(Box, range(3)):
        seen = weakref.ref(box)
        del box
        gc.collect()
        assert seen() is None


def test_submit_keeps_no_arguments(executor: Executor) -> None:
    box = Box(1)
    seen = weakref.ref(box)
    future = executor.submit(id, box)
    del box
    future.result()
    gc.collect()
    assert seen() is None
