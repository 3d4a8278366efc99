"""Options of functions in Python words."""

import pytest

from paceline.model.errors import UsageError
from paceline.model.resources import GpuNeed
from paceline.sdk.functions import Code
from paceline.sdk.options import TaskOptions, job_spec, understand
from paceline.sdk.task import task
from tests.sdk.work import add


def test_without_options_a_task_takes_one_processor() -> None:
    template = understand()
    assert [(need.cpu, need.memory, need.gpu) for need in template.needs] == [(1000, 0, None)]


def test_numbers_and_texts_mean_the_same() -> None:
    assert understand(cpu=2, memory=8 << 30, timeout=3600, gpu=1) == understand(
        cpu="2", memory="8GiB", timeout="1h", gpu="1"
    )


def test_everything_said_is_in_the_job() -> None:
    template = understand(
        name="sweep",
        cpu=0.5,
        disk="1GiB",
        labels={"zone": "b", "arch": "x"},
        time_request="20m",
        retries=2,
        priority=-1,
        limit=8,
        env={"A": "1"},
        cwd="/data",
        experiment="e",
    )
    spec = job_spec(Code(name="f", ref="m:f"), template, "ada")
    assert (spec.name, spec.priority, spec.limit, spec.experiment, spec.owner) == ("sweep", -1, 8, "e", "ada")
    assert (spec.run.env, spec.run.cwd, spec.retry.failures, spec.open, spec.ranges) == (
        (("A", "1"),),
        "/data",
        2,
        True,
        (),
    )
    need = spec.needs[0]
    assert (need.cpu, need.disk, need.time) == (500, 1 << 30, 1200)
    assert need.labels == (("arch", "x"), ("zone", "b"))


def test_a_range_of_devices_is_several_needs() -> None:
    needs = understand(gpu="H100:1..2").needs
    assert [need.gpu for need in needs] == [
        GpuNeed(milli=2000, models=("H100",)),
        GpuNeed(milli=1000, models=("H100",)),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cpus": 2}, "cpus: there is no such option"),
        ({"cpu": "many"}, "cpu: cannot read 'many'"),
        ({"memory": "8 parsecs"}, "memory: 'parsecs' is not a unit"),
        ({"gpu": "H100:x:y:z"}, "gpu: "),
        ({"timeout": "soon"}, "timeout: cannot read 'soon'"),
        ({"retries": -1}, "retries: -1 is not a whole number from 0 up"),
        ({"limit": 1.5}, "limit: 1.5 is not a whole number from 0 up"),
        ({"retries": 3_000_000_000}, "retries: 3000000000 is out of range"),
        ({"priority": -3_000_000_000}, "priority: -3000000000 is out of range"),
        ({"priority": "high"}, "priority: 'high' is not a whole number"),
        ({"env": ["A"]}, "env: must map names to texts"),
        ({"labels": {"zone": 3}}, "labels: must map names to texts"),
        ({"name": 3}, "name: 3 is not a text"),
    ],
)
def test_a_mistake_is_named(options: TaskOptions, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        understand(**options)
    assert str(caught.value).startswith(message)


def test_a_task_is_still_a_function() -> None:
    assert task(add)(1, b=2) == 3
    decorated = task(cpu=2)(add)
    assert decorated(1, b=2) == 3
    assert (decorated.__wrapped__, decorated.__doc__, decorated.options) == (add, add.__doc__, {"cpu": 2})


def test_a_mistake_in_a_task_shows_where_it_is_made() -> None:
    with pytest.raises(UsageError, match="gpus: there is no such option"):
        task(gpus=1)(add)  # type: ignore[call-overload]
