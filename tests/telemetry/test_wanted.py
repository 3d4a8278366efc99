"""Whether spans are told to anybody, and how many."""

import os
import sys

import pytest

from paceline import config
from paceline.telemetry.exporting import open_exporter
from tests.telemetry.conftest import Lines


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("OTEL_") or name == "PACELINE_OTEL":
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "PACELINE_OTEL": "0"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "PACELINE_OTEL": "Off"}, False),
        ({"PACELINE_OTEL": "1"}, True),
    ],
)
def test_who_wants_traces(variables: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column of the table
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert config.traces_wanted() is wanted


@pytest.mark.parametrize(
    ("sampler", "argument", "share"),
    [
        ("", "0.5", 1.0),
        ("always_on", "", 1.0),
        ("always_off", "", 0.0),
        ("traceidratio", "0.25", 0.25),
        ("parentbased_traceidratio", "0.25", 0.25),
        ("traceidratio", "7", 1.0),
        ("traceidratio", "much", 1.0),
    ],
)
def test_how_many(sampler: str, argument: str, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    assert config.trace_share() == share


def test_without_the_library_it_is_said_and_nobody_is_stopped(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paceline.telemetry.otlp", None)
    assert open_exporter("paceline-server", "1.2") is None
    [line] = lines()
    assert (line["level"], line["event"]) == (
        "warning",
        "there are no traces without OpenTelemetry: pip install 'paceline[otel]'",
    )
