"""Simulated trainings on a real fleet: labelled wherever one looks, and going on where they failed."""

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from paceline import kinds
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Retry, Spec
from paceline.model.views import ReportView, ResultRow
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from paceline.tasks.simulate.run import failing_epoch

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = pytest.mark.system


def play(fleet: "Fleet", retries: int = 0, **params: object) -> tuple[ResultRow, list[ReportView], str]:
    """One simulated training: how it ended, what it reported, and its log."""
    body = json.dumps({"virtual": True, **params}).encode()
    spec = JobSpec(
        name="simulate", run=Spec(kind="simulate", body=body), retry=Retry(failures=retries, base=0.01, cap=0.01)
    )

    async def story() -> tuple[ResultRow, list[ReportView], str]:
        async with Client(fleet.options) as client:
            [job] = (await client.submit([spec])).jobs
            async for _ in client.watch([job]):
                pass
            log = [page.data async for _, page in client.logs(TaskId(JobId(job), 0), attempt=1)]
            return (await client.results(job))[0], list(await client.reports(job)), b"".join(log).decode()

    return bridge().run(story())


def test_it_is_labelled_wherever_one_looks(fleet: "Fleet") -> None:
    row, reports, log = play(fleet, seed=1)
    assert json.loads(row.result)["simulated"] is True
    assert all(json.loads(report.values)["simulated"] is True for report in reports)
    assert reports[-1].step == 10
    assert log.startswith("simulated: ")


def test_it_fails_as_asked(fleet: "Fleet") -> None:
    row, _, _ = play(fleet, seed=1, failure_rate=1)
    assert row.outcome == "FAILED"
    assert row.detail.startswith("SimulatedFailure: simulated failure in epoch ")


def test_a_further_attempt_goes_on_where_the_first_one_failed(fleet: "Fleet") -> None:
    params = kinds.parse("simulate", b'{"failure_rate": 0.5, "epochs": 12}')
    fates = ((seed, failing_epoch(params, seed, 1), failing_epoch(params, seed, 2)) for seed in count())
    seed = next(seed for seed, first, second in fates if first > 4 and not second)
    whole, _, _ = play(fleet, seed=seed, epochs=12)
    row, reports, _ = play(fleet, 1, seed=seed, epochs=12, failure_rate=0.5, checkpoint_every=1, report_every=1)
    assert (row.outcome, row.number) == ("SUCCEEDED", 2)
    assert json.loads(row.result)["metrics"] == json.loads(whole.result)["metrics"]
    assert min(report.step for report in reports if report.attempt == 2) > 4
