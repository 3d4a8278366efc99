"""What a simulated training reports, returns, takes and survives."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from paceline import kinds
from paceline.model.errors import UsageError
from paceline.tasks.simulate import SimulateParams
from paceline.tasks.simulate.curves import epochs
from paceline.tasks.simulate.run import SimulatedFailure, failing_epoch, run, simulate


def parse(**params: Any) -> SimulateParams:
    parsed = kinds.parse("simulate", json.dumps(params).encode())
    assert isinstance(parsed, SimulateParams)
    return parsed


class Requeued(BaseException):
    """The attempt asked for another one."""


@dataclass(frozen=True)
class Found:
    path: Path


@dataclass
class Recorder:
    """A session in memory: keeps what is said, and one checkpoint; asks to stop once an epoch was reported."""

    folder: Path = Path()
    stop_at: int = 0
    reports: list[dict[str, Any]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)

    def report(self, *, step: int, **values: object) -> None:
        assert step == values["epoch"]
        self.reports.append(values)

    @contextmanager
    def checkpoint(self, *, step: int, metric: float | None, best: str) -> Iterator[Path]:
        assert (metric, best) == (self.reports[-1]["val_loss"], "min")
        self.kept.append(step)
        yield self.folder

    def restore(self) -> Found | None:
        return Found(self.folder) if self.kept else None

    def should_stop(self) -> bool:
        return bool(self.stop_at) and self.reports[-1]["epoch"] == self.stop_at

    def requeue(self) -> NoReturn:
        raise Requeued


def never(seconds: float) -> None:
    pytest.fail(f"waited {seconds} s in virtual time")


def play(attempt: str = "3.17#1", session: Recorder | None = None, **params: Any) -> tuple[dict[str, Any], Recorder]:
    """A virtual run: its result and its session."""
    session = session or Recorder()
    return simulate(parse(virtual=True, **params), session, attempt, never), session


def test_everything_it_says_is_labelled() -> None:
    result, session = play(seed=1)
    assert result["simulated"] is True
    assert all(report["simulated"] is True for report in session.reports)


def test_the_first_line_of_its_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(parse(virtual=True, seed=1))
    assert caplog.messages[0].startswith("simulated: ")


def test_reports_are_those_of_a_training() -> None:
    result, session = play(seed=1, epochs=4, epoch_ms=250, samples=500)
    (*_, validated) = islice(epochs("a", "neural_network", 1), 4)
    assert [report["progress"] for report in session.reports] == [0.25, 0.5, 0.75, 1.0]
    assert [report["eta"] for report in session.reports] == [0.75, 0.5, 0.25, 0.0]
    assert {report["samples_per_second"] for report in session.reports} == {2000.0}
    last = {key: session.reports[-1][key] for key in ("loss", "val_loss", "accuracy", "val_accuracy")}
    assert last == result["metrics"]
    assert last["val_loss"] == validated.validated.loss
    assert (result["seconds"], result["epochs"], result["virtual"]) == (1.0, 4, True)


def test_the_result_is_json_and_tells_its_parameters() -> None:
    result, _ = play(seed=1, model="xgboost", curves="b")
    assert json.loads(json.dumps(result)) == result
    assert result["params"]["model"] == "xgboost"
    assert msgspec.convert(result["params"], SimulateParams).curves == "b"


def test_it_waits_as_long_as_an_epoch_takes() -> None:
    waited: list[float] = []
    simulate(parse(seed=1, epochs=50), Recorder(), "1.0#1", waited.append)
    assert len(waited) == 50
    assert 0.2 <= min(waited) < 0.25
    assert 0.45 < max(waited) <= 0.499


def test_slowed_down_it_takes_longer_and_learns_the_same() -> None:
    quick, _ = play(seed=1)
    slow, _ = play(seed=1, slow_down=4)
    assert slow["metrics"] == quick["metrics"]
    assert slow["seconds"] == pytest.approx(4 * quick["seconds"], abs=0.002)


def test_an_epoch_may_take_no_time_at_all() -> None:
    result, session = play(seed=1, epoch_ms=0)
    assert result["seconds"] == 0
    assert "samples_per_second" not in session.reports[0]


def test_the_same_seed_ends_the_same_whoever_runs_it() -> None:
    assert play("3.17#1", seed=5)[0] == play("9.0#2", seed=5)[0]


def test_without_a_seed_tasks_differ_and_attempts_do_not() -> None:
    first, again, other = (play(attempt)[0] for attempt in ("3.17#1", "3.17#2", "3.18#1"))
    assert first == again
    assert first["metrics"] != other["metrics"]
    assert first["params"]["seed"] == "3.17"


def test_fewer_reports_still_tell_the_end() -> None:
    _, session = play(seed=1, epochs=10, report_every=4)
    assert [report["epoch"] for report in session.reports] == [4, 8, 10]


def test_in_virtual_time_some_twenty_reports_are_enough() -> None:
    _, session = play(seed=1, epochs=1005)
    assert len(session.reports) == 21
    assert session.reports[-1]["progress"] == 1
    waiting = Recorder()
    simulate(parse(seed=1, epochs=100), waiting, "1.0#1", lambda seconds: None)
    assert len(waiting.reports) == 100


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_as_many_attempts_fail_as_asked(rate: float) -> None:
    params = parse(failure_rate=rate, epochs=7)
    fates = [failing_epoch(params, seed, attempt) for seed in range(2000) for attempt in (1, 2)]
    failed = [epoch for epoch in fates if epoch]
    assert len(failed) / len(fates) == pytest.approx(rate, abs=0.03)
    assert set(failed) == (set(range(1, 8)) if rate else set())
    if 0 < rate < 1:  # what the first attempt met, the second need not
        assert len({(bool(first), bool(second)) for first, second in zip(fates[::2], fates[1::2], strict=True)}) == 4


def test_a_failure_says_where_and_that_it_is_simulated() -> None:
    session = Recorder()
    params = parse(virtual=True, seed=3, failure_rate=1, epochs=5)
    epoch = failing_epoch(params, 3, 2)
    with pytest.raises(SimulatedFailure, match=rf"^simulated failure in epoch {epoch} of attempt 2$"):
        simulate(params, session, "1.0#2", never)
    assert [report["epoch"] for report in session.reports] == list(range(1, epoch))


def test_it_goes_on_after_its_newest_checkpoint_to_the_same_end(tmp_path: Path) -> None:
    whole, _ = play(seed=4, epochs=10)
    session = Recorder(folder=tmp_path, stop_at=7)
    with pytest.raises(Requeued):
        play("1.0#1", session, seed=4, epochs=10, checkpoint_every=3)
    assert session.kept == [3, 6, 7]  # the last one because it was asked to stop
    session.reports.clear()
    resumed, _ = play("1.0#2", session, seed=4, epochs=10, checkpoint_every=3)
    assert [report["epoch"] for report in session.reports] == [8, 9, 10]
    assert resumed["metrics"] == whole["metrics"]
    assert resumed["seconds"] == whole["seconds"]


def test_without_checkpoints_nothing_is_asked_of_the_session() -> None:
    _, session = play(seed=4)
    assert session.kept == []


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"model": "xgbost"}, "simulate.model: 'xgbost': not one of its words", "xgboost"),
        ({"curves": "c"}, "simulate.curves: 'c': not one of its words", "one of a, b"),
        ({"epochs": 0}, "simulate.epochs: 0: expected `int` >= 1", ""),
        ({"epoch_ms": -1}, "simulate.epoch_ms: -1: expected `int` >= 0", ""),
        ({"epoch_ms": [5]}, "simulate.epoch_ms: [5]: expected `array` of length >= 2", ""),
        ({"epoch_ms": [500, 200]}, "simulate.epoch_ms: 500 to 200 is empty", "[200, 500]"),
        ({"failure_rate": 1.5}, "simulate.failure_rate: 1.5: expected `float` <= 1.0", ""),
        ({"slow_down": 0}, "simulate.slow_down: 0: expected `float` > 0.0", ""),
        ({"seed": -1}, "simulate.seed: -1: expected `int` >= 0", ""),
        ({"epoch": 3}, "simulate.epoch: there is no such parameter", "did you mean 'epochs'?"),
    ],
)
def test_bad_parameters_are_refused_by_name(params: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(**params)
    assert refused.value.message == message
    assert hint in refused.value.hint
