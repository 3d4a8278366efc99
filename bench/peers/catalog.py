"""The systems, in the table's order."""

from dataclasses import dataclass
from typing import Literal

Service = Literal["none", "redis", "redis, every write", "postgres"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """``durable``: whether what it acknowledged survives a power cut as it is run here. ``environment`` names the
    requirements file and the directory under .bench/peers; empty: Paceline's own.
    """

    name: str
    says: str
    program: tuple[str, ...]  # module below bench.peers.programs, and its arguments
    environment: str
    durable: str
    service: Service = "none"
    note: str = ""


PEERS = (
    Peer(
        name="map",
        says="Paceline, `map`",
        program=("on_paceline", "map"),
        environment="",
        durable="yes",
    ),
    Peer(
        name="submit",
        says="Paceline, one `submit` per call",
        program=("on_paceline", "submit"),
        environment="",
        durable="yes",
    ),
    Peer(name="ray", says="Ray", program=("on_ray",), environment="ray", durable="no"),
    Peer(name="dask", says="Dask distributed", program=("on_dask",), environment="dask", durable="no"),
    Peer(
        name="celery",
        says="Celery + Redis",
        program=("on_celery",),
        environment="celery",
        durable="no",
        service="redis",
    ),
    Peer(
        name="celery-durable",
        says="Celery + Redis, every write synced",
        program=("on_celery",),
        environment="celery",
        durable="yes",
        service="redis, every write",
    ),
    Peer(name="parsl", says="Parsl HTEX", program=("on_parsl",), environment="parsl", durable="no"),
    Peer(
        name="hyperqueue",
        says="HyperQueue",
        program=("on_hyperqueue",),
        environment="hyperqueue",
        durable="no",
        note="its wheel: server and worker in one process; a function is a fresh interpreter; latency until it "
        "runs; its client asks once a second whether a job is over",
    ),
    Peer(
        name="dramatiq",
        says="dramatiq + Redis",
        program=("on_dramatiq",),
        environment="dramatiq",
        durable="no",
        service="redis",
    ),
    Peer(
        name="procrastinate",
        says="procrastinate + PostgreSQL",
        program=("on_procrastinate",),
        environment="procrastinate",
        durable="yes",
        service="postgres",
        note="submitted as one batch; keeps no results, so the end is what is waited for",
    ),
)
