"""How a worker comes by its key.

It keeps the key from its first start on. Without one it trades a join token for it; and on the machine of a server
that runs from the same home it needs no token, for whoever can read that home could make one.
"""

import json
import os
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc

from paceline.config import ServerOptions, WorkerOptions
from paceline.model.errors import NotAllowed, PacelineError
from paceline.wire.address import is_loopback
from paceline.wire.far import open_channel
from paceline.wire.gen import fleet_pb2, worker_pb2
from paceline.wire.gen.fleet_pb2_grpc import FleetStub
from paceline.wire.gen.worker_pb2_grpc import WorkerServiceStub
from paceline.wire.protocol import metadata
from paceline.wire.status import to_error

M = TypeVar("M")

TOKEN_SECONDS = 60.0
"""How long a join token that we made ourselves is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who a worker is, and how it proves it."""

    worker: int
    key: str = field(repr=False)


async def credentials(options: WorkerOptions, path: Path) -> Credentials:
    """The kept ones, or new ones that are kept from now on.

    Raises NotAllowed without any token or with a wrong one, Unreachable, PacelineError for a damaged key file.
    """
    kept = read(path)
    if kept is not None:
        return kept
    token = options.join_token or await _own_token(options)
    async with open_channel(options.server, options.tls) as channel:
        stub = WorkerServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        request = worker_pb2.JoinRequest(name=options.name)
        reply = await _answer(stub.Join(request, metadata=metadata(token)), options.server)
    fresh = Credentials(worker=reply.worker, key=reply.key)
    write(path, fresh)
    return fresh


def read(path: Path) -> Credentials | None:
    """The kept credentials; None where there are none yet."""
    try:
        kept = json.loads(path.read_text())
        return Credentials(worker=int(kept["worker"]), key=str(kept["key"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise PacelineError(f"{path} is no worker's key", hint="remove it and join again") from None


def write(path: Path, fresh: Credentials) -> None:
    """Keep them for the owner's eyes only, whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump({"worker": fresh.worker, "key": fresh.key}, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


async def _own_token(options: WorkerOptions) -> str:
    admin = _admin_token(options)
    async with open_channel(options.server, options.tls) as channel:
        stub = FleetStub(channel)  # type: ignore[no-untyped-call]  # generated
        request = fleet_pb2.CreateTokenRequest(role="join", name=options.name, ttl=TOKEN_SECONDS)
        reply = await _answer(stub.CreateToken(request, metadata=metadata(admin)), options.server)
        return str(reply.token)


def _admin_token(options: WorkerOptions) -> str:
    """Sent to nobody but a server on this machine."""
    path = ServerOptions(home=options.home).admin_token
    if is_loopback(options.server) and os.access(path, os.R_OK):
        return path.read_text().strip()
    raise NotAllowed(
        f"worker {options.name} has no key for {options.server} and no join token",
        hint="make one where the server runs: `paceline token create --join`, and start with --join-token-file",
    )


async def _answer(call: Awaitable[M], address: str) -> M:
    try:
        return await call
    except grpc.aio.AioRpcError as failure:
        raise to_error(failure, address) from None
