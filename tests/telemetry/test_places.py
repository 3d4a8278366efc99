"""How a job gets its place in a trace, and an attempt its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from paceline.agent.devices import Booking
from paceline.agent.frames import Frame, Shape
from paceline.agent.launches import Launches
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import JobSpec, Spec
from paceline.model.queries import Jobs
from paceline.model.resources import Need
from paceline.sdk.tracing import submission
from paceline.telemetry.traceparent import Traceparent, of_environment
from paceline.train import session
from tests.agent.world import PLACES
from tests.server.conftest import serving

PLACE = Traceparent(trace="4bf92f3577b34da6a3ce929d0e0e4736", span="00f067aa0ba902b7")
ATTEMPT = AttemptId(JobId(3), 17, 2)
OTHER = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"


def spec(*env: tuple[str, str], kind: str = "command") -> JobSpec:
    return JobSpec(name="a", run=Spec(kind=kind, body=b'{"argv":["true"]}', env=env))


def place_of(job: JobSpec) -> Traceparent | None:
    return of_environment(job.run.env)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("OTEL_") or name in ("TRACEPARENT", "PACELINE_OTEL"):
            monkeypatch.delenv(name)


# ── the client ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_any_trace_a_job_stays_as_it_is() -> None:
    jobs = [spec()]
    with submission(jobs) as placed:
        assert placed == jobs


def test_the_environments_place_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", str(PLACE))
    with submission([spec(("A", "b"))]) as [placed]:
        assert placed.run.env == (("A", "b"), ("TRACEPARENT", str(PLACE)))


def test_one_that_is_none_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", "nonsense")
    with submission([spec()]) as [placed]:
        assert placed.run.env == ()


def test_a_job_that_was_given_one_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", str(PLACE))
    with submission([spec(("TRACEPARENT", OTHER))]) as [placed]:
        assert placed.run.env == (("TRACEPARENT", OTHER),)


@pytest.fixture
def spans() -> Iterator[tuple[InMemorySpanExporter, trace.Tracer]]:
    """A program that uses OpenTelemetry, with what it told so far."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter, provider.get_tracer("program")
    provider.shutdown()


def test_the_callers_own_span_comes_before_the_environment(
    spans: tuple[InMemorySpanExporter, trace.Tracer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", str(PLACE))
    _, tracer = spans
    with tracer.start_as_current_span("request") as span, submission([spec()]) as [placed]:
        found = place_of(placed)
    assert found is not None
    assert found.trace == trace.format_trace_id(span.get_span_context().trace_id)


PROGRAM = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from paceline.model.job import JobSpec, Spec
from paceline.sdk.tracing import submission

told, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(told))
trace.set_tracer_provider(provider)
with trace.get_tracer("program").start_as_current_span("request"):
    with submission([JobSpec(name="a", run=Spec(kind="command", body=b"{}"))]) as [placed]:
        pass
submit, request = told.get_finished_spans()
assert submit.parent.span_id == request.context.span_id
place = f"00-{submit.context.trace_id:032x}-{submit.context.span_id:016x}-01"
assert placed.run.env == (("TRACEPARENT", place),), placed
print(submit.name, submit.kind.name)
"""


def test_a_program_with_opentelemetry_has_our_span_among_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "submit a PRODUCER\n", done.stderr


# ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────────


def kept_env(home: Path, *places: str) -> list[tuple[tuple[str, str], ...]]:
    """Environments of what was kept when this was submitted again and again, under one token."""

    async def submit() -> list[tuple[tuple[str, str], ...]]:
        async with serving(home) as served, served.client() as client:
            for place in places:
                await client.submit([spec(("TRACEPARENT", place))], token="t")
            rows = await served.fleet.store.read(Jobs(limit=10))
            return [row.kept.spec.run.env for row in rows]

    return asyncio.run(submit())


def test_the_same_submission_from_another_trace_is_the_same(tmp_path: Path) -> None:
    assert kept_env(tmp_path, str(PLACE), OTHER) == [(("TRACEPARENT", str(PLACE)),)]


# ── the worker ──────────────────────────────────────────────────────────────────────────────────────────────────────

LAUNCHES = Launches(places=PLACES, base={"PATH": "/bin"}, python="/usr/bin/python3")


def frame(job: JobSpec) -> Frame:
    booking = Booking(cpu=1000, memory=0, disk=0)
    return Frame(shape=Shape(job.run, Need()), live={str(ATTEMPT): ATTEMPT}, booking=booking)


def test_a_program_finds_its_attempts_own_place() -> None:
    launch = LAUNCHES.launch(frame(spec(("TRACEPARENT", str(PLACE)))))
    assert {**launch.env, **launch.own[0]}["TRACEPARENT"] == str(PLACE.of_attempt("3.17#2"))


def test_a_program_in_no_trace_finds_none() -> None:
    launch = LAUNCHES.launch(frame(spec()))
    assert "TRACEPARENT" not in {**launch.env, **launch.own[0]}


def test_calls_of_different_traces_share_their_processes() -> None:
    one, other = (
        LAUNCHES.call(frame(spec(*env, kind="function")), b"")
        for env in ([("TRACEPARENT", str(PLACE))], [("TRACEPARENT", OTHER)])
    )
    assert one.env == other.env
    assert (one.trace, other.trace) == (str(PLACE), OTHER)


def test_a_warm_process_has_the_place_of_what_it_works_on() -> None:
    try:
        session.enter("3.17#2", "", str(PLACE))
        assert os.environ["TRACEPARENT"] == str(PLACE.of_attempt("3.17#2"))
        session.enter("4.0#1", "")
        assert "TRACEPARENT" not in os.environ
    finally:
        session.leave()
