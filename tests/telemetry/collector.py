"""Somebody who collects traces: OTLP over HTTP, as a real collector takes it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Every span that came, and the ``service.name`` it came from."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.came = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the library's name
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Nobody asked."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, request: ExportTraceServiceRequest) -> None:
        """What one message holds."""
        found = []
        for resource in request.resource_spans:
            service = next(
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            )
            found += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        with self.came:
            self.spans += found
            self.came.notify_all()

    def wait_for(self, count: int, name: str = "", patience: float = 20.0) -> list[tuple[str, Span]]:
        """So many spans whose names begin like this, as soon as they are there."""

        def found() -> list[tuple[str, Span]]:
            return [each for each in self.spans if each[1].name.startswith(name)]

        with self.came:
            assert self.came.wait_for(lambda: len(found()) >= count, patience), [each.name for _, each in self.spans]
            return found()

    @contextmanager
    def listening(self) -> Iterator["Collector"]:
        """For as long as the context lasts."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def attributes(span: Span) -> dict[str, str | int | float]:
    """Of a span, as Python has them."""
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in span.attributes}
