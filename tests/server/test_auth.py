"""No RPC answers without credentials; each credential opens only its own doors."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from paceline.config import ServerOptions, Tls
from paceline.model.errors import NotAllowed, UsageError
from paceline.model.ids import WorkerId
from paceline.server.app import run
from paceline.server.auth import ALLOWED, Auth, admin_token, digest_of
from paceline.wire.gen import fleet_pb2, worker_pb2
from tests.server.conftest import ScriptedWorker, Served, serving

METHODS = [
    (f"/{service.full_name}/{method.name}", (method.client_streaming, method.server_streaming))
    for file in (fleet_pb2, worker_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]


async def _call(served: Served, method: str, shape: tuple[bool, bool], token: str) -> grpc.StatusCode:
    """The status of a call with an empty request."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    open_channel: Any = grpc.aio.insecure_channel
    async with open_channel(served.address) as channel:
        try:
            if shape == (False, False):
                await channel.unary_unary(method)(b"", metadata=metadata)
            elif shape == (False, True):
                async for _ in channel.unary_stream(method)(b"", metadata=metadata):
                    break
            else:
                call = channel.stream_stream(method)(metadata=metadata)
                await call.done_writing()
                async for _ in call:
                    break
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize(("method", "shape"), METHODS)
@pytest.mark.parametrize("token", ["", "pl_admin_wrong", "a join token", "a worker key"])
def test_a_method_refuses_all_but_its_own_credential(
    method: str, shape: tuple[bool, bool], token: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            now = served.fleet.clock.now()
            given = token
            if token == "a join token":
                given = served.fleet.auth.create("join", "", now, 600)[0]
            elif token == "a worker key":
                given = served.fleet.auth.create("worker", "w", now, 0)[0]
            role = {"a join token": "join", "a worker key": "worker"}.get(token, "nobody")
            status = await _call(served, method, shape, given)
            if role in ALLOWED.get(method, "").split():
                assert status not in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
            elif role != "nobody" and (method in ALLOWED or method.startswith("/paceline.v1.Fleet/")):
                assert status is grpc.StatusCode.PERMISSION_DENIED
            else:
                assert status is grpc.StatusCode.UNAUTHENTICATED

    asyncio.run(scenario())


def test_the_table_of_methods_is_whole() -> None:
    """``GetStatus`` is answered by workers (``agent/face``), not here."""
    named = {method for method, _ in METHODS if not method.startswith("/paceline.v1.Fleet/")}
    assert named - ALLOWED.keys() == {"/worker.WorkerService/GetStatus"}
    assert {method for method in ALLOWED if not method.startswith("/grpc.")} <= named


def test_an_unknown_method_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            status = await _call(served, "/worker.WorkerService/Backdoor", (False, False), served.admin)
            assert status is grpc.StatusCode.UNAUTHENTICATED

    asyncio.run(scenario())


@pytest.mark.parametrize(("role", "seconds"), [("join", 600), ("login", 300), ("read", None), ("admin", None)])
def test_how_long_a_credential_is_good_where_nobody_says(role: str, seconds: float | None, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            until = None if seconds is None else served.fleet.clock.now() + seconds
            assert (await client.create_token(role)).expires_at == pytest.approx(until or 0, abs=30)

    asyncio.run(scenario())


@pytest.mark.parametrize(("ttl", "ends"), [(0, False), (60, True)])
def test_what_is_said_of_it_holds(ttl: float, *, ends: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            for role in ("join", "admin"):
                assert bool((await client.create_token(role, ttl=ttl)).expires_at) == ends

    asyncio.run(scenario())


def test_a_join_token_is_good_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, ScriptedWorker(served) as worker, served.client() as client:
            token = await client.create_token("join")
            number, key = await worker.join(token.token)
            assert number == 1
            assert key.startswith("pl_worker_")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await worker.join(token.token)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED

    asyncio.run(scenario())


def test_two_workers_of_one_name_get_two_names(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, ScriptedWorker(served) as worker, served.client() as client:
            for _ in range(2):
                number, key = await worker.join((await client.create_token("join")).token, "gpu")
                await worker.hello(number, key)
                await worker.hear("welcome")
            assert [view.name for view in await client.workers(all=True)] == ["gpu", "gpu-2"]

    asyncio.run(scenario())


def test_a_key_opens_only_its_own_link(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, ScriptedWorker(served) as worker, served.client() as client:
            number, key = await worker.join((await client.create_token("join")).token)
            await worker.hello(WorkerId(number + 1), key)
            with pytest.raises(grpc.aio.AioRpcError, match="belongs to worker 1, not 2"):
                await worker.hear("welcome")

    asyncio.run(scenario())


def test_expired_tokens_say_so() -> None:
    auth = Auth(())
    token, _ = auth.create("join", "", 1000.0, 60.0)
    assert auth.principal("/worker.WorkerService/Join", token, 1059.0).role == "join"
    with pytest.raises(NotAllowed, match="join token has expired"):
        auth.principal("/worker.WorkerService/Join", token, 1061.0)


def test_only_digests_are_kept() -> None:
    auth = Auth(())
    token, kept = auth.create("admin", "admin", 0.0, 0.0)
    assert kept.digest == digest_of(token)
    assert token not in repr(kept)
    with pytest.raises(UsageError, match="there is no role 'root'"):
        auth.create("root", "", 0.0, 0.0)


def test_the_admin_token_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "server" / "admin.token"
    text = admin_token(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert admin_token(path) == text
    path.chmod(0o644)
    with pytest.raises(NotAllowed, match="can be read by others"):
        admin_token(path)


@pytest.mark.parametrize(
    ("host", "tls", "message"),
    [
        ("0.0.0.0", Tls(), "beyond this machine Paceline speaks TLS only"),
        ("10.0.0.1", Tls(ca="ca.pem"), "beyond this machine Paceline speaks TLS only"),
        ("127.0.0.1", Tls(cert="cert.pem"), "--tls-cert and --tls-key go together"),
    ],
)
def test_doors_that_would_stand_open_are_refused(host: str, tls: Tls, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        run(ServerOptions(home=tmp_path, host=host, port=0, tls=tls))
