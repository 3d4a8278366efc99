"""What words and options of ``run`` and ``submit`` become."""

import json
from pathlib import Path
from typing import Unpack

import click
import pytest
from click.testing import CliRunner

from paceline.cli.commands.submit import Submission, orders_of
from paceline.cli.work_options import WorkOptions, work_options
from paceline.model.errors import UsageError
from paceline.model.job import Range
from paceline.model.resources import GpuNeed, Need
from paceline.orders.work import Order


def orders(*args: str) -> list[Order]:
    """What ``submit`` makes of the words, without a server."""
    found: list[Order] = []

    @click.command(cls=Submission, context_settings={"allow_interspersed_args": False})
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    @work_options
    def command(words: tuple[str, ...], **options: Unpack[WorkOptions]) -> None:
        found.extend(orders_of(words, options))

    outcome = CliRunner().invoke(command, list(args), standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return found


def test_the_plainest() -> None:
    (order,) = orders("--", "python", "-m", "train", "--lr", "1")
    assert json.loads(order.spec.run.body) == {"argv": ["python", "-m", "train", "--lr", "1"], "shell": False}
    assert order.spec.name == "python"
    assert order.spec.run.cwd == str(Path.cwd())
    assert order.spec.needs == (Need(),)


def test_options_of_the_program_are_its_own() -> None:
    (order,) = orders("--cpus", "2", "tool", "--cpus", "3")
    assert json.loads(order.spec.run.body)["argv"] == ["tool", "--cpus", "3"]
    assert order.spec.needs == (Need(cpu=2000),)


def test_all_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s")
    (order,) = orders(
        *("--name", "big", "--cpus", "4", "--memory", "8GiB", "--disk", "1GB", "--gpus", "A100:2"),
        *("--label", "zone=a", "--label", "rack=7", "--time", "1h", "--time-request", "10m", "--priority", "-3"),
        *("--deadline", "2030-01-01T00:00:00Z", "--array", "1-9:2%2", "--retries", "2"),
        *("--env", "SECRET", "--env", "A=b=c", "--cwd", "/data", "--experiment", "e", "--", "run.sh"),
    )
    spec = order.spec
    gpu = GpuNeed(milli=2000, models=("A100",))
    labels = (("rack", "7"), ("zone", "a"))
    assert spec.needs == (Need(cpu=4000, memory=8 << 30, disk=10**9, gpu=gpu, labels=labels, time=600.0),)
    assert (spec.ranges, spec.limit) == ((Range(start=1, stop=10, step=2),), 2)
    assert (spec.run.timeout, spec.run.cwd, spec.run.env) == (3600.0, "/data", (("SECRET", "s"), ("A", "b=c")))
    assert (spec.priority, spec.retry.failures, spec.experiment, spec.deadline) == (-3, 2, "e", 1_893_456_000.0)


def test_a_shell_line() -> None:
    (order,) = orders("--shell", "echo $HOME | wc")
    assert json.loads(order.spec.run.body) == {"argv": ["echo $HOME | wc"], "shell": True}
    assert order.spec.name == "echo"


def test_lines_and_lists_become_rows(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("a b\nc\n")
    (tmp_path / "list").write_text('[{"x": 1}, "two"]')
    (by_line,) = orders("--each-line", str(tmp_path / "lines"), "--limit", "1", "--", "cat")
    (by_item,) = orders("--from-json", str(tmp_path / "list"), "--", "cat")
    assert (by_line.payloads, by_line.spec.limit) == ([b"a b", b"c"], 1)
    assert by_item.payloads == [b'{"x":1}', b'"two"']
    assert by_item.spec.ranges == (Range(start=0, stop=2),)


def test_parameters_are_typed_by_their_kind() -> None:
    (order,) = orders("--kind", "train", "--param", "data=x.csv", "--param", "target=y", "--param", "trees=7")
    assert json.loads(order.spec.run.body) == {"data": "x.csv", "target": "y", "trees": 7}
    assert order.spec.name == "train"


def test_options_may_stand_after_a_job_file(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("jobs:\n  a: {run: ls}\n  b: {run: ls, needs: [a]}\n")
    assert [order.spec.name for order in orders(str(file), "--submit-id", "x")] == ["a", "b"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "there is nothing to run"),
        (["--kind", "train", "--", "ls"], r"a job runs either a program \('ls'\) or --kind train"),
        (["--param", "a=1", "--", "ls"], "--param: is for kinds"),
        (["--kind", "train", "--param", "data"], "--param: 'data' is not of the form KEY=VALUE"),
        (["--kind", "train", "--param", "data=x.csv", "--param", "taget=y"], r"train\.taget: there is no such"),
        (["--array", "1-2", "--each-line", "f", "--", "ls"], "--array and --each-line both say"),
        (["--each-line", "f", "--kind", "train"], "--each-line: a kind takes mappings"),
        (["--each-line", "/nowhere", "--", "ls"], "--each-line: /nowhere cannot be read"),
        (["--priority", "3000000000", "--", "ls"], "--priority: 3000000000 is out of range"),
        (["--memory", "8", "--", "ls"], "--memory: '8' has no unit"),
        (["--gpus", "4090", "--", "ls"], "--gpus: '4090' devices"),
        (["--time", "01:30", "--", "ls"], "--time: cannot read '01:30'"),
        (["--label", "zone", "--", "ls"], "--label: 'zone' is not of the form"),
        (["--env", "SURELY_UNSET", "--", "ls"], "--env: SURELY_UNSET is not set where you submit"),
        (["--name", "3", "--", "ls"], "--name: '3' would read as a selection"),
        (["--not-before", "tomorrow", "--", "ls"], "--not-before: cannot read 'tomorrow'"),
        (["--cpus", "2", "job.yaml"], "--cpus: a job file says this itself"),
        (["--time", "2h", "job.yaml"], "--time: a job file says this itself"),
        (["nowhere.yaml"], r"nowhere\.yaml: cannot be read"),
    ],
)
def test_refusals(args: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        orders(*args)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is not JSON"), ("{}", "holds no list"), ("[]", "the list is empty")]
)
def test_refused_lists(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(text)
    with pytest.raises(UsageError, match=message):
        orders("--from-json", str(tmp_path / "list"), "--", "ls")


def test_an_empty_file_makes_no_array(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("\n\n")
    with pytest.raises(UsageError, match="has no lines, and an array needs at least one task"):
        orders("--each-line", str(tmp_path / "lines"), "--", "ls")
