"""The job file: what a text becomes, and with which words, line and column each mistake is refused."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from paceline.model.errors import UsageError
from paceline.model.job import JobSpec, Range, Retry
from paceline.model.resources import GpuNeed, Need
from paceline.orders import jobfile
from paceline.orders.jobfile import schema
from paceline.orders.work import Order

ROOT = Path(__file__).resolve().parents[2]
AROUND = jobfile.Surroundings(directory=Path("/project"), cwd=Path("/here"), now=1000.0, inherit={"TOKEN": "t"}.get)


def orders(text: str, around: jobfile.Surroundings = AROUND) -> Sequence[Order]:
    return jobfile.parse(dedent(text), "job.yaml", around)


def spec(text: str) -> JobSpec:
    (order,) = orders(text)
    return order.spec


def argv(text: str) -> list[str]:
    return list(json.loads(spec(text).run.body)["argv"])


def test_the_smallest_job() -> None:
    job = spec("run: python train.py --epochs 3\n")
    assert job.name == "python"
    assert json.loads(job.run.body) == {"argv": ["python", "train.py", "--epochs", "3"], "shell": False}
    assert job.run.cwd == "/here"
    assert job.needs == (Need(),)
    assert job.ranges == (Range(start=0, stop=1),)


def test_every_key() -> None:
    job = spec("""
        name: big
        run: [python, train.py, 5, 1.10, no]
        resources: {cpus: 4+, memory: 8GiB, disk: 100GB.., gpu: "A100:2", labels: {zone: 7}, time_request: 20m}
        time: 01:30:00
        array: 1-100:2%8
        priority: 5
        deadline: 1970-01-01T01:00:00Z
        not_before: 1h
        retries: {failures: 2, losses: 1, on_exit_codes: [3, 4], base: 500ms, cap: 1m}
        env: {A: 1, B: yes, TOKEN: }
        cwd: sub
        experiment: e1
    """)
    assert json.loads(job.run.body)["argv"] == ["python", "train.py", "5", "1.10", "no"]
    assert job.needs == (
        Need(
            cpu=4000,
            memory=8 << 30,
            disk=10**11,
            gpu=GpuNeed(milli=2000, models=("A100",)),
            labels=(("zone", "7"),),
            time=1200.0,
        ),
    )
    assert job.run.env == (("A", "1"), ("B", "yes"), ("TOKEN", "t"))
    assert (job.run.cwd, job.run.timeout) == ("/project/sub", 5400.0)
    assert (job.ranges, job.limit) == ((Range(start=1, stop=100, step=2),), 8)
    assert (job.priority, job.deadline, job.not_before) == (5, 3600.0, 4600.0)
    assert job.retry == Retry(failures=2, losses=1, codes=(3, 4), base=0.5, cap=60.0)
    assert (job.name, job.experiment) == ("big", "e1")


def test_a_shell_takes_the_line_as_it_is() -> None:
    job = spec("run: for i in 1 2; do echo $i; done | sort > out\nshell: true\n")
    assert json.loads(job.run.body) == {"argv": ["for i in 1 2; do echo $i; done | sort > out"], "shell": True}


def test_quotes_and_comments_of_a_command_line() -> None:
    assert argv("run: |\n  python -c 'print(1, 2)'  # one program\n") == ["python", "-c", "print(1, 2)"]


def test_environment_as_a_list() -> None:
    assert spec("run: ls\nenv: [TOKEN, A=b=c]\n").run.env == (("TOKEN", "t"), ("A", "b=c"))


def test_alternatives_are_laid_over_what_is_common() -> None:
    needs = spec("""
        run: ls
        resources:
          memory: 1GB
          any_of:
            - gpu: H100:1..2
            - {cpus: 8, memory: 2GB}
    """).needs
    assert needs == (
        Need(memory=10**9, gpu=GpuNeed(milli=2000, models=("H100",))),
        Need(memory=10**9, gpu=GpuNeed(milli=1000, models=("H100",))),
        Need(cpu=8000, memory=2 * 10**9),
    )


def test_a_grid_is_every_combination() -> None:
    (order,) = orders("run: ./train\ngrid: {lr: [1e-3, 0.1], net: [no, big]}\n")
    assert [json.loads(row) for row in order.payloads] == [
        {"lr": 0.001, "net": "no"},
        {"lr": 0.001, "net": "big"},
        {"lr": 0.1, "net": "no"},
        {"lr": 0.1, "net": "big"},
    ]
    assert order.spec.ranges == (Range(start=0, stop=4),)


def test_items_keep_their_types() -> None:
    (order,) = orders("run: ./train\nitems: [1, 1.5, true, ~, text, {a: [2]}]\nlimit: 2\n")
    assert [json.loads(row) for row in order.payloads] == [1, 1.5, True, None, "text", {"a": [2]}]
    assert order.spec.limit == 2


def test_each_line_is_read_beside_the_job_file(tmp_path: Path) -> None:
    (tmp_path / "inputs.txt").write_text("a.csv\n\nb.csv\n")
    (tmp_path / "job.yaml").write_text("run: ./convert\neach_line: inputs.txt\n")
    (order,) = jobfile.load(tmp_path / "job.yaml", replace(AROUND, directory=tmp_path))
    assert order.payloads == [b"a.csv", b"b.csv"]


def test_several_jobs_and_what_comes_after_what() -> None:
    first, second = orders("""
        jobs:
          clean:
            run: ./clean
          train:
            run: ./train
            needs: [clean]
    """)
    assert (first.spec.name, second.spec.name, second.spec.after_names) == ("clean", "train", ("clean",))


def test_anchors_and_merge_keys() -> None:
    _, second = orders("""
        jobs:
          a: &base {run: ls, priority: 3, env: {A: x}}
          b: {<<: *base, priority: 4}
    """)
    assert (second.spec.priority, second.spec.run.env) == (4, (("A", "x"),))


REFUSED = [
    ("run: ls\nresources:\n  memroy: 8GiB\n", "job.yaml:3:3: resources.memroy: unknown key; did you mean 'memory'?"),
    ("run: ls\nwibble: 1\n", "job.yaml:2:1: wibble: unknown key; known here: name, run, shell"),
    ("run: ls\nretries: {failurs: 1}\n", "job.yaml:2:11: retries.failurs: unknown key; did you mean 'failures'?"),
    ("run: ls\nresources:\n  memory: 8\n", "job.yaml:3:3: resources.memory: '8' has no unit"),
    (
        "run: ls\nresources:\n  any_of:\n  - cpus: 1\n  - gpu: 4090\n",
        "job.yaml:5:5: resources.any_of[1].gpu: '4090' devices",
    ),
    ("run: ls\ntime: soon\n", "job.yaml:2:1: time: cannot read 'soon' as a duration"),
    ("run: ls\ndeadline: 2026-01-01\n", "job.yaml:2:1: deadline: '2026-01-01' does not say its offset"),
    ("run: ls\nshell: yes\n", "job.yaml:2:1: shell: expected `bool`, got `str`"),
    ("run: ls\nretries: {failures: -1}\n", "job.yaml:2:11: retries.failures: expected `int` >= 0"),
    ("run: ls\nretries: -1\n", "job.yaml:2:1: retries: -1 is less than none"),
    ("run: ls\nretries: 3000000000\n", "job.yaml:2:1: retries: expected `int` <= 2147483647"),
    ("run: ls\nretries: {losses: 3000000000}\n", "job.yaml:2:11: retries.losses: expected `int` <= 2147483647"),
    ("run: ls\npriority: 3000000000\n", "job.yaml:2:1: priority: expected `int` <= 2147483647"),
    ("run: ls\npriority: -3000000000\n", "job.yaml:2:1: priority: expected `int` >= -2147483648"),
    ("run: ls\nlimit: 3000000000\n", "job.yaml:2:1: limit: expected `int` <= 2147483647"),
    ("run: ls\narray: 0,99999999999999999999\n", "job.yaml:2:1: array: 99999999999999999999 is too large for an"),
    ("run: ls\narray: " + "9" * 5000, "job.yaml:2:1: array: 999"),
    ("run: {a: b}\n", "job.yaml:1:1: run: expected `str | array`, got `object`"),
    ("run: ls\nenv: {A: [x]}\n", "job.yaml:2:1: env: expected `str | null`, got `array`"),
    ("run: ls\nenv: [NOPE]\n", "job.yaml:2:1: env: NOPE is not set where you submit"),
    ("run: ls\nenv: [1a=2]\n", "job.yaml:2:1: env: '1a=2' does not begin with the name of a variable"),
    ("run: 'a \"b'\n", "job.yaml:1:1: run: no closing quotation"),
    ("run: [ls]\nshell: true\n", "job.yaml:1:1: run: a shell takes one line of text, not a list"),
    ("name: x\n", "job.yaml:1:1: run: say either what to run, or a kind with its params"),
    ("run: ls\nkind: train\n", "job.yaml:1:1: run: say either what to run, or a kind with its params"),
    ("run: ls\nparams: {a: 1}\n", "job.yaml:2:1: params: are for kinds, and this job runs a command"),
    ("run: ls\nname: last\n", "job.yaml:2:1: name: 'last' would read as a selection of jobs"),
    ("run: ls\narray: 5-1\n", "job.yaml:2:1: array: '5-1' ends before it begins"),
    ("run: ls\narray: 0\n", "job.yaml:2:1: array: 0 would be a single index"),
    ("run: ls\narray: 100\n", "job.yaml:2:1: array: 100 would be a single index"),
    ("run: ls\nitems: []\n", "job.yaml:2:1: items: is empty, and an array needs at least one task"),
    ("run: ls\ngrid: {a: []}\n", "job.yaml:2:8: grid.a: no values"),
    ("run: ls\narray: 1-2\nitems: [1]\n", "job.yaml:3:1: items: the tasks are already given by 'array'"),
    ("kind: train\neach_line: f\n", "job.yaml:2:1: each_line: a kind takes mappings, not lines"),
    ("run: ls\neach_line: nowhere\n", "job.yaml:2:1: each_line: /project/nowhere cannot be read"),
    ("kind: trian\n", "job.yaml:1:1: kind: there is no kind 'trian'"),
    ("run: ls\nneeds: [a]\n", "job.yaml:2:1: needs: this file has no other job"),
    ("run: ls\nrun: ls\n", "job.yaml:1:1: run: stands here twice"),
    ("- ls\n", "job.yaml:1:1: a job file is a mapping"),
    ("", "job.yaml: is empty"),
    ("run: [a\nb: c\n", "job.yaml:2:2: expected ',' or ']', but got ':'"),
    ("run: a\n\tb: c\n", "job.yaml:2:1: found character '\\t'"),
    ("run: &a [*a]\n", "job.yaml:1:1: run: nested deeper than 50 levels"),
    ("run: ls\nitems: [!!binary aGk=]\n", "job.yaml:2:9: items[0]: a value with the tag binary"),
    ("jobs: {}\n", "job.yaml:1:1: jobs: must be a mapping of names to jobs"),
    ("jobs: {a: {run: ls}}\nname: b\n", "job.yaml:2:1: name: a file with 'jobs' has no other keys"),
    ("jobs:\n  a: {run: ls, naem: b}\n", "job.yaml:2:16: jobs.a.naem: unknown key; did you mean 'name'?"),
    ("jobs:\n  a.b:\n    run: ls\n    cpus: 2\n", "job.yaml:4:5: jobs.a.b.cpus: unknown key"),
    ("jobs:\n  a: {run: ls, name: b}\n", "job.yaml:2:16: jobs.a.name: is 'b', but the file calls it 'a'"),
    (
        "jobs:\n  prep: {run: ls}\n  b: {run: ls, needs: [perp]}\n",
        "job.yaml:3:24: jobs.b.needs[0]: there is no job 'perp' in this file",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusals_say_where_and_what(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        orders(text)
    assert refused.value.message.startswith(message)


def test_a_cycle_is_refused_by_its_names() -> None:
    with pytest.raises(UsageError, match=r"job\.yaml:\d:\d+: jobs\.\w\.needs: jobs wait for each other: .*→.*→"):
        orders("""
            jobs:
              a: {run: ls, needs: [c]}
              b: {run: ls, needs: [a]}
              c: {run: ls, needs: [b]}
        """)


def test_a_job_that_waits_for_itself() -> None:
    with pytest.raises(UsageError, match="a → a"):
        orders("jobs: {a: {run: ls, needs: [a]}}\n")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read: No such file"):
        jobfile.load(tmp_path / "none.yaml", AROUND)


# ── kinds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_go_over_the_params_which_are_whole_without_them() -> None:
    (order,) = orders("""
        kind: train
        params: {data: x.csv, target: y}
        grid: {model: [random_forest], trees: [10, 20]}
    """)
    assert json.loads(order.spec.run.body) == {"data": "x.csv", "target": "y", "model": "random_forest", "trees": 10}
    assert json.loads(order.payloads[1]) == {"model": "random_forest", "trees": 20}
    assert order.spec.name == "train"


def test_a_wrong_parameter_is_named_where_it_stands() -> None:
    with pytest.raises(UsageError, match=r"job\.yaml:4:3: params\.taget: there is no such parameter"):
        orders("kind: train\nparams:\n  data: x.csv\n  taget: y\n")


# ── schema ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_published_schema_is_current() -> None:
    published = ROOT / "src/paceline/orders/jobfile.schema.json"
    assert published.read_text() == schema.schema(), "run: make docs"


def test_the_schema_lets_an_editor_take_what_the_parser_takes() -> None:
    job = json.loads(schema.schema())["$defs"]["Job"]["properties"]
    assert job["time"]["type"] == ["string", "number"]
    assert job["env"]["anyOf"][0]["additionalProperties"]["anyOf"][0]["type"] == ["string", "number", "boolean"]
