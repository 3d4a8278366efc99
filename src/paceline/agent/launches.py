"""From a frame to the word that starts it: arguments, environment, directories. Pure.

A task sees the allow-list of ``config.task_environment``, what its job asks for, and what Paceline tells it; nothing
else of the worker's environment, and none of its keys. What pins devices and names the attempt cannot be overridden by
a job. A call's environment holds nothing of the single attempt, nor of its job's trace: processes are shared among
equal environments, and told of what they work on.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paceline.agent.devices import Booking
from paceline.agent.frames import Frame
from paceline.agent.places import Places
from paceline.executor import Call, Launch
from paceline.model.job import Spec
from paceline.model.resources import WHOLE
from paceline.orders.program import MASKS, arguments, identity, place
from paceline.telemetry.traceparent import VARIABLE
from paceline.train import mlflow_runs

JOIN_MLFLOW = ("-P", "-W", "ignore", "-m", "paceline.train.mlflow_join")
"""Words for Python that stand before a program whose runs MLflow keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launches:
    """Renders frames for one worker. ``base``: what every task sees of the worker's environment; ``timeout``: seconds
    that an attempt may run whose job says nothing of it, 0 for no limit."""

    places: Places
    base: Mapping[str, str]
    timeout: float = 0.0
    python: str = sys.executable

    def launch(self, frame: Frame) -> Launch:
        """A program. Raises UsageError for parameters that are none: the server's checks were another version's."""
        spec, attempts = frame.shape.spec, frame.live.values()
        outputs = [self.places.output_of(attempt) for attempt in attempts]
        return Launch(
            keys=list(frame.live),
            argv=(*self._before(spec), *arguments(spec.kind, spec.body)),
            env=self.environment(spec, frame.booking),
            own=[
                {**identity(attempt, frame.payloads.get(key, b"")), **place(spec.env, attempt)}
                for key, attempt in frame.live.items()
            ],
            cwds=[spec.cwd or self.places.scratch_of(attempt) for attempt in attempts],
            outs=[output.out for output in outputs],
            errs=[output.err for output in outputs],
            timeout=spec.timeout or self.timeout,
            grace=spec.grace,
            memory=frame.booking.memory,
        )

    def call(self, frame: Frame, body: bytes) -> Call:
        """Calls. ``body``: the spec's, or empty where the supervisor knows its digest already."""
        spec = frame.shape.spec
        return Call(
            keys=list(frame.live),
            kind=spec.kind,
            digest=frame.shape.digest,
            python=self.python,
            env={name: value for name, value in self.environment(spec, frame.booking).items() if name != VARIABLE},
            trace=dict(spec.env).get(VARIABLE, ""),
            cwd=spec.cwd or str(self.places.calls),
            logs=str(self.places.logs),
            timeout=spec.timeout or self.timeout,
            grace=spec.grace,
            memory=frame.booking.memory,
            blobs=[body, *frame.payloads.values()],
        )

    def _before(self, spec: Spec) -> Sequence[str]:
        """What becomes the program once it has made an MLflow run, where the job asks for one."""
        return (self.python, *JOIN_MLFLOW) if dict(spec.env).get(mlflow_runs.ADDRESS) else ()

    def environment(self, spec: Spec, booking: Booking) -> dict[str, str]:
        """What all attempts of one job with the same devices share."""
        ours = {"OMP_NUM_THREADS": str(max(1, booking.cpu // WHOLE)), "PYTHONUNBUFFERED": "1"}
        sockets = {"PACELINE_REPORTS": str(self.places.reports), "PACELINE_AGENT": str(self.places.desk)}
        fixed = {**sockets, **dict.fromkeys(MASKS, ",".join(booking.devices))}
        return {**self.base, **ours, **dict(spec.env), **fixed}
