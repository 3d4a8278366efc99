"""What is shown of jobs that are not over, and of workers."""

from dataclasses import replace

import pytest

from paceline.core.views import array_text, job_state, job_view, task_state, worker_view
from paceline.model.events import CancelAsked
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Range, Retry
from paceline.model.task import Outcome
from paceline.model.views import JobView
from paceline.testing.world import GIB, gpu, job_spec
from tests.core.audited import AuditedWorld


def states(world: AuditedWorld, job: int) -> list[str]:
    live = world.job(job)
    return [task_state(live, index) for index in range(live.total)]


def test_a_job_is_shown_as_it_stands(world: AuditedWorld) -> None:
    worker = world.join(cpu=3000)
    spec = replace(job_spec("fit", tasks=6), priority=2, limit=5, owner="ada", experiment="e", retry=Retry(failures=1))
    job = world.submit(spec)
    held = list(worker.held)
    worker.end(held[0])
    worker.end(held[1], outcome=Outcome.FAILED)
    world.step(CancelAsked(job=job, ranges=(Range(start=5, stop=6),), reason="too many"))
    assert job_view(world.job(job)) == JobView(
        job=job,
        name="fit",
        kind="command",
        state="RUNNING",
        total=6,
        waiting=1,
        running=3,
        succeeded=1,
        failed=0,
        cancelled=1,
        submitted_at=world.clock.now(),
        array="0-5%5",
        priority=2,
        owner="ada",
        experiment="e",
        reason="too many",
    )
    assert states(world, job) == ["", "BACKOFF", "ASSIGNED", "ASSIGNED", "ASSIGNED", ""]


def test_a_job_that_is_over_but_for_one_cancelled_task_is_running(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(tasks=2)
    world.step(CancelAsked(job=job, ranges=(Range(start=0, stop=1),)))
    assert (job_state(world.job(job)), states(world, job)) == ("RUNNING", ["STOPPING", "ASSIGNED"])
    worker.start()
    world.step(CancelAsked(job=job))
    assert (job_state(world.job(job)), states(world, job)) == ("STOPPING", ["STOPPING", "STOPPING"])


def test_a_job_is_blocked_then_waits_then_runs(world: AuditedWorld) -> None:
    first = world.submit()
    job = world.submit(replace(job_spec(), after=(first,)))
    assert (job_state(world.job(job)), states(world, job)) == ("BLOCKED", ["BLOCKED"])
    world.step(CancelAsked(job=JobId(99)))
    worker = world.join()
    worker.end()
    assert (job_state(world.job(job)), states(world, job)) == ("RUNNING", ["ASSIGNED"])
    worker.start(AttemptId(job, 0, 1))
    assert states(world, job) == ["RUNNING"]
    waiting = world.submit(tasks=9)
    assert job_state(world.job(waiting)) == "RUNNING"
    worker.end(outcome=Outcome.FAILED, code=75)
    assert job_state(world.job(waiting)) == "RUNNING"
    alone = world.submit(replace(job_spec(), not_before=world.clock.now() + 9.0))
    assert (job_state(world.job(alone)), states(world, alone)) == ("WAITING", ["WAITING"])


@pytest.mark.parametrize(
    ("ranges", "limit", "text"),
    [
        ((Range(start=0, stop=1),), 0, ""),
        ((Range(start=0, stop=1),), 3, ""),
        ((Range(start=0, stop=10),), 0, "0-9"),
        ((Range(start=0, stop=10, step=3),), 2, "0-9:3%2"),
        ((Range(start=4, stop=5), Range(start=7, stop=9)), 0, "4,7-8"),
        ((Range(start=4, stop=4),), 0, ""),
    ],
)
def test_an_array_is_shown_as_it_was_asked_for(ranges: tuple[Range, ...], limit: int, text: str) -> None:
    assert array_text(ranges, limit) == text


def test_a_worker_is_shown_with_what_is_free(world: AuditedWorld) -> None:
    worker = world.join("ada", cpu=4000, gpus=(gpu(), gpu()))
    world.submit(tasks=3)
    view = worker_view(world.cluster.workers[worker.id])
    assert (view.worker, view.name, view.state, view.running, view.reason) == (worker.id, "ada", "READY", 3, "")
    assert (view.cpu_free, view.memory_free, view.gpus_free) == (1000, 16 * GIB, 2000)
