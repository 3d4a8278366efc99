"""Spans on their way to a collector that is there, and to one that is not."""

import socket
import threading
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from paceline.telemetry import otlp
from paceline.telemetry.otlp import Exporter
from paceline.telemetry.span import Span, Verdict
from paceline.telemetry.traceparent import Traceparent
from tests.telemetry.collector import Collector, attributes
from tests.telemetry.conftest import Lines

PLACE = Traceparent(trace="4bf92f3577b34da6a3ce929d0e0e4736", span="00f067aa0ba902b7")
SPAN = Span(
    name="attempt a",
    at=PLACE,
    parent="aaaaaaaaaaaaaaaa",
    began_at=100.0,
    ended_at=102.5,
    kind="consumer",
    attributes={"paceline.job": 3, "paceline.worker": "w1", "paceline.run_seconds": 2.5},
    verdict=Verdict.ERROR,
    told="FAILED, exit code 3",
)


def exporter(endpoint: str) -> Exporter:
    return Exporter("paceline-test", "1.2", OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=1.0))


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_span_arrives_whole() -> None:
    with Collector().listening() as collector:
        sender = exporter(collector.endpoint)
        sender.add(1, lambda: [SPAN])
        [(service, span)] = collector.wait_for(1)
        sender.close(5.0)
    assert service == "paceline-test"
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()) == (PLACE.trace, PLACE.span, "a" * 16)
    assert (span.name, span.kind) == ("attempt a", Wire.SPAN_KIND_CONSUMER)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (100 * 10**9, 1025 * 10**8)
    assert attributes(span) == SPAN.attributes
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "FAILED, exit code 3")


def test_the_last_spans_leave_before_the_end() -> None:
    with Collector().listening() as collector:
        sender = exporter(collector.endpoint)
        for _ in range(3):
            sender.add(600, lambda: [SPAN] * 600)
        sender.close(10.0)
        assert len(collector.wait_for(1800)) == 1800


def test_a_collector_that_is_not_there_holds_up_nobody_and_is_missed_once(lines: Lines) -> None:
    sender = exporter(nobody())
    for _ in range(20):
        sender.add(1, lambda: [SPAN])
    began = time.monotonic()  # noqa: TID251 - a real thread keeps real time
    sender.close(1.0)
    assert time.monotonic() - began < 2.0  # noqa: TID251
    assert [(each["level"], each["event"]) for each in lines()] in ([], [("warning", "traces are not taken")])


def test_a_span_that_cannot_be_made_is_the_only_one_lost(lines: Lines) -> None:
    def recipe() -> list[Span]:
        raise ValueError("no span")

    with Collector().listening() as collector:
        sender = exporter(collector.endpoint)
        sender.add(1, recipe)
        sender.add(1, lambda: [SPAN])
        sender.close(5.0)
        assert collector.wait_for(1)
    assert [each["event"] for each in lines()] == ["spans that cannot be told"]


def test_spans_that_nobody_takes_are_dropped_beyond_a_limit() -> None:
    made = threading.Event()
    sender = exporter(nobody())

    def recipe() -> list[Span]:
        made.set()
        return []

    sender.add(otlp.WAITING + 1, recipe)
    sender.add(1, lambda: [])
    sender.close(5.0)
    assert not made.is_set()
