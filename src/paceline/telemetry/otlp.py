"""Telling a collector of spans, by OTLP over HTTP. Loaded only where traces are asked for (``pip install
'paceline[otel]'``); where they go, and with which headers, OpenTelemetry reads from its own ``OTEL_…`` variables.

Whoever has spans hands over a recipe for them and goes on: they are made, encoded and sent by a thread of their own. If
nobody takes them they wait, up to a limit, and then are dropped: no work ever waits for a collector. That it does not
answer is said once, and once more when it does again.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from paceline.telemetry.logs import log
from paceline.telemetry.span import Span
from paceline.telemetry.traceparent import Traceparent

WAITING = 50_000
"""Spans that wait at most."""
BATCH = 512
"""Spans of one message."""
GATHER = 0.5
"""Seconds in which more may come before what there is leaves."""
TIMEOUT = 5.0
"""Seconds that a collector has to take a message, repeats included."""

Recipe: TypeAlias = Callable[[], Iterable[Span]]


class Exporter:
    """``service``: our name among others (``service.name``, which ``OTEL_SERVICE_NAME`` overrules)."""

    def __init__(self, service: str, version: str, out: SpanExporter | None = None) -> None:
        self._resource = Resource.create({"service.version": version}).merge(_named(service))
        self._scope = InstrumentationScope("paceline", version)
        self._out = out or OTLPSpanExporter(timeout=TIMEOUT)
        self._log = log("traces")
        self._recipes: queue.SimpleQueue[tuple[int, Recipe]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._lost = 0
        self._failing = False
        self._closing = threading.Event()
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it would say of every message what we say once
        self._thread = threading.Thread(target=self._run, name="paceline-traces", daemon=True)
        self._thread.start()

    def add(self, count: int, recipe: Recipe) -> None:
        """So many spans, made by calling ``recipe`` later. Never waits."""
        with self._lock:
            full = self._waiting + count > WAITING
            self._lost += count if full else 0
            self._waiting += 0 if full else count
        if not full:
            self._recipes.put((count, recipe))

    def close(self, patience: float) -> None:
        """Send what there is, for at most so many seconds."""
        self._closing.set()
        self._recipes.put((0, tuple))
        self._thread.join(patience)

    # ── the thread ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while not (self._closing.is_set() and self._recipes.empty()):
            self._send(list(self._gathered()))
        self._out.shutdown()

    def _gathered(self) -> Iterator[ReadableSpan]:
        """Those of the first recipe to come, and of what follows it closely, until it is enough."""
        gathered = 0
        while gathered < BATCH:
            count, recipe = self._recipes.get()
            if self._recipes.empty():
                self._closing.wait(GATHER)
            with self._lock:
                self._waiting -= count
            yield from self._made(recipe)
            gathered += count
            if self._recipes.empty():
                return

    def _made(self, recipe: Recipe) -> Sequence[ReadableSpan]:
        try:
            return [self._foreign(span) for span in recipe()]
        except Exception as error:  # noqa: BLE001 - recorded: those that cannot be made must not end all others
            self._log.error("spans that cannot be told", error)
            return ()

    def _send(self, spans: list[ReadableSpan]) -> None:
        for start in range(0, len(spans), BATCH):
            batch = spans[start : start + BATCH]
            if self._out.export(batch) is SpanExportResult.SUCCESS:
                self._succeeded()
            else:
                self._failed(len(batch))

    def _succeeded(self) -> None:
        if self._failing or self._lost:
            self._log.info("traces are taken again", lost=self._lost)
        self._failing, self._lost = False, 0

    def _failed(self, count: int) -> None:
        self._lost += count
        if not self._failing:
            self._failing = True
            self._log.warning("traces are not taken", hint="is the collector of OTEL_EXPORTER_OTLP_ENDPOINT there?")

    def _foreign(self, span: Span) -> ReadableSpan:
        parent = _context(Traceparent(trace=span.at.trace, span=span.parent)) if span.parent else None
        return ReadableSpan(
            name=span.name,
            context=_context(span.at),
            parent=parent,
            resource=self._resource,
            attributes=span.attributes,
            kind=SpanKind[span.kind.upper()],
            status=Status(StatusCode[span.verdict.name], span.told or None),
            start_time=int(span.began_at * 1e9),
            end_time=int(span.ended_at * 1e9),
            instrumentation_scope=self._scope,
        )


def _named(service: str) -> Resource:
    """What the environment says wins."""
    told = Resource.create()
    name = str(told.attributes.get("service.name", ""))
    return told if name and not name.startswith("unknown_service") else Resource({"service.name": service})


def _context(at: Traceparent) -> SpanContext:
    return SpanContext(int(at.trace, 16), int(at.span, 16), is_remote=False, trace_flags=TraceFlags(int(at.sampled)))
