"""Work from a file, and what is said of a file that holds none."""

import json
from pathlib import Path

import pytest

from paceline.cli.commands.sim import sim
from paceline.model.errors import NotFound, UsageError
from paceline.model.resources import GpuNeed, Need
from paceline.sim.duration import Duration
from paceline.sim.trace import COLUMNS, read_trace
from paceline.sim.work import Batch

GIB = 1 << 30


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_row_is_a_job(tmp_path: Path) -> None:
    text = (
        "submit,name,count,cpus,memory,gpus,duration,priority,limit\n"
        '1h30m,train,4,8,32GiB,"A100,H100:80GB:2",lognormal 2h 0.5,3,2\n'
        "\n"
        ",,,,,,90s,,\n"
    )
    path = written(tmp_path / "work.csv", text)
    gpu = GpuNeed(milli=2000, models=("A100", "H100"), memory=80_000_000_000)
    assert read_trace(path) == [
        Batch(
            at=0.0,
            name="line 4",
            count=1,
            needs=(Need(),),
            duration=Duration(form="fixed", first=90.0),
            origin=f"{path}:4",
        ),
        Batch(
            at=5400.0,
            name="train",
            count=4,
            needs=(Need(cpu=8000, memory=32 * GIB, gpu=gpu),),
            duration=Duration(form="lognormal", first=7200.0, second=0.5),
            priority=3,
            limit=2,
            origin=f"{path}:2",
        ),
    ]


def test_json_lines_say_the_same(tmp_path: Path) -> None:
    rows = [{"submit": 5, "count": 10, "cpus": 0.5, "duration": "exp 1m", "gpus": None}, {"duration": 2.5}]
    path = written(tmp_path / "work.jsonl", "\n".join(map(json.dumps, rows)))
    second, first = read_trace(path)
    assert (first.at, first.count, first.needs) == (5.0, 10, (Need(cpu=500),))
    assert first.duration == Duration(form="exp", first=60.0)
    assert second.duration == Duration(form="fixed", first=2.5)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "holds no work", "columns: submit, name"),
        ("duration\n", "holds no work", "one row per job"),
        ("duration,memroy\n1s,1GiB\n", ":1: there is no column 'memroy'", "did you mean 'memory'?"),
        ("duration,colour\n1s,red\n", ":1: there is no column 'colour'", "columns: submit, name, count"),
        ("duration,cpus,cpus\n", ":1: column 'cpus' stands there twice", ""),
        ("cpus,count\n1,2\n", ":1: duration is missing", "such as 90s"),
        ("duration,count\n1s,2\n,3\n", ":3: duration: is empty", "such as 90s"),
        ("duration,count\n1s\n", ":2: 1 cells under 2 columns", "double quotes"),
        ('duration\n"1s\n', ":2: unexpected end of data", ""),
        ("duration,submit\n1s,soon\n", ":2: submit: cannot read 'soon' as a duration", "such as 30s"),
        ("duration,count\n1s,many\n", ":2: count: 'many' is not a whole number", "such as 10"),
        ("duration,count\n1s,0\n", ":2: count: 0 is less than 1", ""),
        ("duration,limit\n1s,-1\n", ":2: limit: -1 is less than 0", ""),
        ("duration,priority\n1s,high\n", ":2: priority: 'high' is not a whole number", "such as 10"),
        ("duration,cpus\n1s,a few\n", ":2: cpus: cannot read 'a few' as a number", "such as 4 or 0.5"),
        ("duration,memory\n1s,8\n", ":2: memory: '8' has no unit", "write 8GiB"),
        ("duration,memory\n1s,8 gigs\n", ":2: memory: 'gigs' is not a unit", "units are"),
        ("duration,gpus\n1s,nvida:A100:1\n", ":2: gpus: cannot read 'nvida'", "did you mean 'nvidia'?"),
        (
            "duration\nlognormall 1s 2\n",
            ":2: duration: 'lognormall' is not a distribution",
            "did you mean 'lognormal'?",
        ),
        ("duration\npareto 1s\n", ":2: duration: 'pareto' is not a distribution", "such as 90s, exp 90s"),
        ("duration\nexp\n", ":2: duration: cannot read 'exp' as a distribution", "write exp 90s"),
        ("duration\nfixed 3s\n", ":2: duration: cannot read 'fixed 3s' as a distribution", "write 90s"),
        ("duration\nuniform 5m 1m\n", ":2: duration: 'uniform 5m 1m' ends before it begins", "the shorter one"),
        ("duration\nlognormal 5m wide\n", ":2: duration: a deviation is a number from 0 to 5, not 'wide'", "such as"),
        ("duration\n0s\n", ":2: duration: '0s': a task takes longer than nothing", "such as 1ms"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = written(tmp_path / "work.csv", text)
    with pytest.raises(UsageError) as refused:
        read_trace(path)
    assert refused.value.message.startswith(str(path))
    assert message in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"duration": "1s"}\n{"duration"\n', ":2: not JSON: "),
        ('["1s"]\n', ":1: '[\"1s\"]' is no object"),
        ('{"cpus": 1}\n', ":1: duration is missing"),
        ('{"duration": "1s", "gpu": 1}\n', ":1: there is no column 'gpu'"),
        ('{"duration": "1s", "count": 1.5}\n', ":1: count: '1.5' is not a whole number"),
    ],
)
def test_what_is_wrong_with_json_too(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_trace(written(tmp_path / "work.jsonl", text))
    assert message in refused.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="gone.csv: No such file"):
        read_trace(tmp_path / "gone.csv")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "work.csv"
    path.write_bytes(b"duration\n\xff\xfe\n")
    with pytest.raises(UsageError, match=r"work.csv: not a text: byte 9"):
        read_trace(path)


def test_the_help_names_every_column() -> None:

    assert f"Columns of a trace: {', '.join(COLUMNS)}." in " ".join((sim.help or "").split())
