"""Where spans go, if anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paceline.telemetry.logs import log

if TYPE_CHECKING:
    from paceline.telemetry.otlp import Exporter


def open_exporter(service: str, version: str) -> Exporter | None:
    """One that tells a collector; None where OpenTelemetry is not installed, which is said but stops nobody."""
    try:
        from paceline.telemetry.otlp import Exporter  # noqa: PLC0415 - OpenTelemetry, an extra that takes 0.3 s to load
    except ModuleNotFoundError as missing:
        log("traces").warning(
            "there are no traces without OpenTelemetry: pip install 'paceline[otel]'", lacks=missing.name
        )
        return None
    return Exporter(service, version)
