"""Who answers, and who asked."""

import os

import msgspec
from litestar import get

from paceline import __version__
from paceline.server import caller
from paceline.server.rest.here import Here
from paceline.wire.protocol import PROTOCOL


class Info(msgspec.Struct, kw_only=True):
    """The server, its clock, and the credential it was asked with."""

    version: str
    protocol: int
    store: str
    started_at: float  # seconds since 1970
    now: float  # the server's clock
    epoch: int  # counts starts of the server
    pid: int
    role: str  # of the caller's token: "admin" or "read"
    name: str  # of the caller's token
    trouble: str = ""  # why nothing new is accepted for now


@get("/info", tags=["server"])
async def info(fleet: Here) -> Info:
    """Who answers, and as whom you ask."""
    trouble = fleet.trouble
    you = caller.CALLER.get()
    return Info(
        version=__version__,
        protocol=PROTOCOL,
        store=fleet.store_name,
        started_at=fleet.started_at,
        now=fleet.clock.now(),
        epoch=fleet.epoch,
        pid=os.getpid(),
        role=you.role,
        name=you.name,
        trouble=f"{trouble.message}; {trouble.hint}" if trouble else "",
    )
