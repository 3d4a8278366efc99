"""What our processes say while they run: log lines for people and programs, and traces for those who collect them.

A log line is an *event* in plain words and its *fields*, kept apart, so that nothing has to be found in a sentence
again: ``log.info("worker joined", worker="w1")``. What the event is about has the same names everywhere: ``job``,
``task`` (``3.17``), ``attempt`` (``3.17#1``), ``worker``, ``model``, ``by``.

Logs rest on the standard library's ``logging``, which asyncio has loaded before us: it costs nothing at start, where
structlog costs 90 ms of an agent that is to be back within a second, and libraries speak through it anyway.
OpenTelemetry (``otlp``) is loaded only where traces are asked for.
"""

from paceline.telemetry.logs import Log as Log
from paceline.telemetry.logs import configure as configure
from paceline.telemetry.logs import log as log
