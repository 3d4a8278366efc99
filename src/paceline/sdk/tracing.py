"""The client's part of a trace: a span for each submission, and the jobs' place in the trace.

What a submission belongs to is, in this order: the caller's current span, if the program uses OpenTelemetry; the
``TRACEPARENT`` of its environment, as a task's of ours has one; and if nobody says so but traces are asked for, a trace
of its own. A program that uses OpenTelemetry has our span with its own ones, through its own exporter.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from paceline import __version__, config
from paceline.clock import SystemClock
from paceline.model.job import JobSpec
from paceline.telemetry import traceparent
from paceline.telemetry.exporting import open_exporter
from paceline.telemetry.span import Span, Verdict
from paceline.telemetry.traceparent import VARIABLE, Traceparent, begin

if TYPE_CHECKING:
    from paceline.telemetry.otlp import Exporter

FAREWELL = 1.0
"""Seconds that the end of the program waits for spans to leave."""


@contextmanager
def submission(specs: Sequence[JobSpec]) -> Iterator[Sequence[JobSpec]]:
    """The same jobs, each with its place in the trace this submission belongs to; as they are where there is none.

    A job that was given a ``TRACEPARENT`` keeps it.
    """
    with _span(f"submit {specs[0].name}" if specs else "submit") as place:
        yield specs if place is None else [_placed(spec, place) for spec in specs]


def _placed(spec: JobSpec, place: Traceparent) -> JobSpec:
    if any(name == VARIABLE for name, _ in spec.run.env):
        return spec
    return replace(spec, run=replace(spec.run, env=(*spec.run.env, (VARIABLE, str(place)))))


@contextmanager
def _span(name: str) -> Iterator[Traceparent | None]:
    """Around a submission. Yields its place, or None if there is no trace."""
    if "opentelemetry.trace" in sys.modules:
        with _callers_span(name) as place:
            if place is not None:
                yield place
                return
    above = traceparent.read(config.of_caller(VARIABLE) or "")
    exporter = _exporter() if config.traces_wanted() else None
    if exporter is None:
        yield above
        return
    with _own_span(exporter, name, above) as place:
        yield place


@contextmanager
def _callers_span(name: str) -> Iterator[Traceparent | None]:
    """One of the caller's tracer. None: he records nothing, and is in no span."""
    from opentelemetry import trace  # noqa: PLC0415 - loaded already

    with trace.get_tracer("paceline", __version__).start_as_current_span(name, kind=trace.SpanKind.PRODUCER) as span:
        found = span.get_span_context()
        if not found.is_valid:
            yield None
            return
        number, sampled = trace.format_span_id(found.span_id), found.trace_flags.sampled
        yield Traceparent(trace=trace.format_trace_id(found.trace_id), span=number, sampled=sampled)


@contextmanager
def _own_span(exporter: Exporter, name: str, above: Traceparent | None) -> Iterator[Traceparent]:
    clock = SystemClock()
    place = replace(above or begin(os.urandom(16), config.trace_share()), span=os.urandom(8).hex())
    began_at, verdict = clock.now(), Verdict.ERROR
    try:
        yield place
        verdict = Verdict.UNSET
    finally:
        told = Span(
            name=name,
            at=place,
            parent=above.span if above else "",
            began_at=began_at,
            ended_at=clock.now(),
            kind="producer",
            verdict=verdict,
        )
        if place.sampled:
            exporter.add(1, lambda: (told,))


@functools.cache
def _exporter() -> Exporter | None:
    """One for the process."""
    exporter = open_exporter("paceline-client", __version__)
    if exporter is not None:
        atexit.register(exporter.close, FAREWELL)
    return exporter
