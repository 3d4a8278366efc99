"""Credentials that are good, and those that are revoked: nothing opens with one any more, and nothing stays open."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest

from paceline.config import ClientOptions
from paceline.model.errors import NotAllowed, NotFound, UsageError
from paceline.model.ids import token_id
from paceline.model.records import TokenKept, TokenSpent
from paceline.sdk.client import Client
from paceline.sdk.replies import Token
from paceline.server.auth import Auth, digest_of
from tests.server.conftest import ScriptedWorker, Served, serving
from tests.server.rest.calling import calling
from tests.server.rest.following import listening


def as_another(served: Served, token: Token, way: str) -> Client:
    home = served.home if way == "near" else served.home / "elsewhere"
    return Client(ClientOptions(address=served.address, token=token.token, home=home))


# ── what is good ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_those_that_are_good_are_listed_without_their_texts(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, ScriptedWorker(served) as worker, served.client() as client:
            made = await client.create_token("read", name="grafana", ttl=3600)
            await worker.join((await client.create_token("join", name="lab")).token, "gpu")
            listed = await client.tokens()
            told = [(each.role, each.name, each.by, each.worker) for each in listed[1:]]
            assert told == [("read", "grafana", "admin", 0), ("worker", "gpu", "lab", 1)]
            assert (listed[1].id, listed[1].expires_at) == (made.id, made.expires_at)
            assert made.token not in repr(listed)

    asyncio.run(scenario())


def test_one_that_expired_is_good_no_more() -> None:
    auth = Auth(())
    auth.create("join", "", 1000.0, 60.0)
    assert len(auth.good(1060.0)) == 1
    assert auth.good(1061.0) == []


# ── what is revoked ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_revoked_token_is_refused_now_and_after_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            made = await client.create_token("admin", name="ci")
            async with as_another(served, made, "far") as other:
                assert await other.jobs() == []
                revoked = await client.revoke_token(made.id[:6])
                assert (revoked.id, revoked.name) == (made.id, "ci")
                with pytest.raises(NotAllowed, match="not \\(or no longer\\) good"):
                    await other.jobs()
            with pytest.raises(NotFound, match=f"there is no good token '{made.id}'"):
                await client.revoke_token(made.id)
            snapshot = await served.fleet.store.load()
            assert digest_of(made.token) not in {each.digest for each in snapshot.tokens}
            [line] = await client.events(kinds=["token_spent"])
            assert (line.subject, line.body) == (made.id, '{"by":"admin","revoked":true}')

    asyncio.run(scenario())


def test_who_revokes_his_own_is_told_that_it_worked(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            made = await client.create_token("admin")
            async with as_another(served, made, "far") as other:
                assert (await other.revoke_token(made.id)).id == made.id

    asyncio.run(scenario())


@pytest.mark.parametrize("way", ["near", "far"])
def test_who_follows_with_it_is_sent_away(way: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            made = await client.create_token("read")
            async with as_another(served, made, way) as other, aclosing(other.follow_events()) as lines:
                assert (await anext(lines)).kind == "token_kept"
                assert (await anext(lines)).subject == made.id
                following = asyncio.ensure_future(anext(lines))
                await client.revoke_token(made.id)
                async with asyncio.timeout(10):
                    with pytest.raises(NotAllowed):
                        await following

    asyncio.run(scenario())


@pytest.mark.parametrize("way", ["near", "far"])
def test_who_submits_with_it_is_sent_away(way: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            made = await client.create_token("admin")
            async with as_another(served, made, way) as other:
                calling = asyncio.create_task(other.call(pow, 2, 5))
                async with aclosing(client.follow_events(kinds=["tasks_kept"])) as lines:
                    await anext(lines)
                await client.revoke_token(made.id)
                async with asyncio.timeout(10):
                    with pytest.raises(NotAllowed):
                        await calling

    asyncio.run(scenario())


def test_a_worker_whose_key_it_was_is_cut_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, ScriptedWorker(served) as worker, served.client() as client:
            number, key = await worker.join((await client.create_token("join")).token)
            await worker.hello(number, key)
            await worker.hear("welcome")
            await client.revoke_token(token_id(digest_of(key)))
            with pytest.raises(grpc.aio.AioRpcError, match="was revoked") as told:
                await worker.hear("grant")
            assert told.value.code() is grpc.StatusCode.UNAUTHENTICATED
            await worker.hello(number, key)
            with pytest.raises(grpc.aio.AioRpcError, match="no longer"):
                await worker.hear("welcome")
            assert [each.state for each in await client.workers()] == ["AWAY"]

    asyncio.run(scenario())


def test_a_browser_that_follows_is_cut_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            made = await here.client.create_token("read")
            here.http.headers["authorization"] = f"Bearer {made.token}"
            async with here.follow("/api/live") as follower:
                await follower.next()
                await here.client.revoke_token(made.id)
                with pytest.raises(EOFError):
                    await follower.until("jobs")
            assert (await here.http.get("/api/jobs")).status_code == 401

    asyncio.run(scenario())


def test_the_servers_own_is_replaced_by_its_file_alone() -> None:
    auth = Auth(())
    [first] = auth.adopt_admin("pl_admin_first", 1.0)
    assert isinstance(first, TokenKept)
    with pytest.raises(UsageError, match="is the server's own") as told:
        auth.revoke(token_id(first.digest), "admin", 2.0)
    assert "delete that file and restart" in told.value.hint
    assert auth.adopt_admin("pl_admin_first", 3.0) == []
    _, made = auth.create("admin", "admin", 4.0, by="admin")
    spent, second = auth.adopt_admin("pl_admin_second", 5.0)
    assert spent == TokenSpent(digest=first.digest, at=5.0, by="admin.token", revoked=True)
    assert isinstance(second, TokenKept)
    assert {each.digest for each in auth.good(5.0)} == {made.digest, second.digest}


def test_several_that_begin_alike_are_named() -> None:
    alike = [TokenKept(digest=f"aa{each}" + "0" * 61, role="read", name="", at=0.0, by="admin") for each in "12"]
    auth = Auth(alike)
    with pytest.raises(UsageError, match="'aa' is how several begin") as told:
        auth.revoke("aa", "admin", 1.0)
    assert told.value.hint == "one of aa1000000000, aa2000000000"
    with pytest.raises(NotFound):
        auth.revoke("", "admin", 1.0)


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_over_http(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            made = await caller.post("/api/tokens", {"role": "read", "name": "grafana"})
            listed = (await caller.get("/api/tokens"))["items"]
            assert [each["role"] for each in listed] == ["admin", "read"]
            assert listed[1]["id"] == made["id"]
            reader = {"authorization": f"Bearer {made['token']}"}
            await caller.refused("DELETE", f"/api/tokens/{made['id']}", 403, headers=reader)
            gone = await caller.http.delete(f"/api/tokens/{made['id']}")
            assert (gone.status_code, gone.json()["name"]) == (200, "grafana")
            await caller.refused("DELETE", f"/api/tokens/{made['id']}", 404)
            await caller.refused("GET", "/api/tokens", 401, headers=reader)

    asyncio.run(scenario())
