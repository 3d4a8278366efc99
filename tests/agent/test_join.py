"""How a worker comes by its key."""

import asyncio
import json
from pathlib import Path

import pytest

from paceline.agent.join import Credentials, credentials, read, write
from paceline.config import ServerOptions, WorkerOptions
from paceline.model.errors import NotAllowed, PacelineError, Unreachable
from tests.agent.server import Script, serving


def options(tmp_path: Path, server: str = "127.0.0.1:1", **more: str) -> WorkerOptions:
    return WorkerOptions(server=server, name="w", home=tmp_path, **more)  # type: ignore[arg-type]


def join(tmp_path: Path, script: Script, **more: str) -> Credentials:
    async def joining() -> Credentials:
        async with serving(script) as address:
            return await credentials(options(tmp_path, address, **more), tmp_path / "key")

    return asyncio.run(joining())


def admin(tmp_path: Path) -> None:
    path = ServerOptions(home=tmp_path).admin_token
    path.parent.mkdir(parents=True)
    path.write_text("pl_admin_x\n")


def test_a_join_token_is_traded_for_a_key_that_is_kept(tmp_path: Path) -> None:
    script = Script()
    assert join(tmp_path, script, join_token="pl_join_x") == Credentials(worker=3, key="pl_worker_of_w")
    assert script.tokens == ["Bearer pl_join_x"]
    assert json.loads((tmp_path / "key").read_text()) == {"worker": 3, "key": "pl_worker_of_w"}
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_kept_key_asks_nobody(tmp_path: Path) -> None:
    write(tmp_path / "key", Credentials(worker=5, key="k"))
    assert asyncio.run(credentials(options(tmp_path), tmp_path / "key")) == Credentials(worker=5, key="k")


def test_beside_its_server_a_worker_makes_its_own_token(tmp_path: Path) -> None:
    admin(tmp_path)
    script = Script()
    join(tmp_path, script)
    assert script.tokens == ["Bearer pl_admin_x", "Bearer pl_join_for_w"]


def test_the_admin_token_goes_to_no_other_machine(tmp_path: Path) -> None:
    admin(tmp_path)
    with pytest.raises(NotAllowed, match="worker w has no key for elsewhere:50051 and no join token") as raised:
        asyncio.run(credentials(options(tmp_path, "elsewhere:50051"), tmp_path / "key"))
    assert "--join-token" in raised.value.hint


def test_a_wrong_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match="spent"):
        join(tmp_path, Script(refuse=NotAllowed("this token was spent")), join_token="pl_join_x")
    assert not (tmp_path / "key").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        asyncio.run(credentials(options(tmp_path, join_token="x"), tmp_path / "key"))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"worker": "x", "key": 1}'])
def test_a_damaged_key_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(PacelineError, match="is no worker's key") as raised:
        read(tmp_path / "key")
    assert "remove it and join again" in raised.value.hint


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(Credentials(worker=1, key="secret"))
