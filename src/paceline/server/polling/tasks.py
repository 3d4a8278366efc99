"""An attempt as a worker that calls is given it."""

from collections.abc import Sequence

from paceline.core.cluster import Cluster
from paceline.model.ids import AttemptId
from paceline.model.resources import WHOLE
from paceline.orders.program import MASKS, arguments, identity, line, place
from paceline.server.polling.mailbox import Parcel
from paceline.wire.gen import worker_pb2 as pb


def task(parcel: Parcel, cluster: Cluster) -> pb.Task:
    """Everything that is needed to run it, also for a worker that knows ``id`` and ``command`` only."""
    attempt, spec, need = parcel.attempt, parcel.grant.spec, parcel.grant.need
    gpus = _devices(cluster, attempt)
    mask = dict.fromkeys(MASKS, ",".join(gpus))
    made = pb.Task(
        id=str(attempt),
        attempt=attempt.number,
        kind=spec.kind,
        env={**dict(spec.env), **identity(attempt, parcel.payload), **place(spec.env, attempt), **mask},
        cwd=spec.cwd,
        timeout=spec.timeout,
        grace=spec.grace,
        payload=parcel.payload,
        gpus=gpus,
        cpus=need.cpu / WHOLE,
        memory=need.memory,
    )
    if spec.kind == "command":
        made.command = line(spec.kind, spec.body)
        made.argv.extend(arguments(spec.kind, spec.body))
    else:
        made.params = spec.body.decode()
    return made


def _devices(cluster: Cluster, attempt: AttemptId) -> Sequence[str]:
    """Which of its devices the worker is to use: as the core has booked them."""
    job = cluster.jobs.get(attempt.job)
    held = job.live.get(attempt.index) if job else None
    return [held.worker.capacity.gpus[device].uuid for device in held.devices] if held else []
