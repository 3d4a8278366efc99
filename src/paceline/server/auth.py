"""Who may do what. One table, one function; what the table does not name is refused.

A credential is a random text with a prefix that says what it is for; only its SHA-256 is kept. A *join token* is good
once and for minutes; it buys a *worker key*, which is good for that one worker until revoked. A *login code*, just as
short-lived, buys a browser an admin token for a day's work. The *admin token* is made at the first start and lies in a
file that only its owner can read; who deletes that file gets another one, and the one before is good no more.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline.model.errors import Forbidden, NotAllowed, NotFound, UsageError
from paceline.model.ids import WorkerId, token_id
from paceline.model.records import Record, TokenKept, TokenSpent
from paceline.server.visits import Visits
from paceline.wire.protocol import FLEET

ROLES = ("admin", "read", "join", "worker", "login")
CODE = 300.0
"""Seconds a login code is good for, at most."""
USUAL: Mapping[str, float] = {"join": 600.0, "login": CODE}
"""Seconds a credential is good for where nobody says it, by role. Any other is for ever: a program that reads metrics,
or somebody who works here, is not to be locked out one day."""
SESSION = 12 * 3600.0
"""Seconds the token is good for that it is traded for."""

ALLOWED: Mapping[str, str] = {
    "/worker.WorkerService/Join": "join",
    "/worker.WorkerService/Link": "worker",
    "/worker.WorkerService/Files": "worker",
    "/worker.WorkerService/RegisterWorker": "join worker",
    "/worker.WorkerService/PollForTask": "worker",
    "/worker.WorkerService/UpdateTaskStatus": "worker",
    "/worker.WorkerService/BatchUpdateTaskStatus": "worker",
    "/worker.WorkerService/SendHeartbeat": "worker",
    "/worker.WorkerService/UpdateWorkerStatus": "worker",
    "/worker.WorkerService/ListWorkers": "admin read",
    "/grpc.health.v1.Health/Check": "",
    "/grpc.health.v1.Health/Watch": "",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "admin read",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "admin read",
}
"""Method → roles that may call it; empty: anybody. Every method of the Fleet service is the admin's."""
REFLECTION = frozenset(method for method in ALLOWED if method.startswith("/grpc.reflection."))
"""Those that describe the services: open to anybody where only this machine can call."""
READS = frozenset(
    f"{FLEET}{name}"
    for name in (
        *(
            "Info",
            "Plan",
            "Jobs",
            "Tasks",
            "Attempts",
            "Checkpoints",
            "Results",
            "Entries",
            "Watch",
            "Logs",
            "Reports",
            "Explain",
        ),
        *("Workers", "Events", "FollowEvents", "Models", "Model", "Download", "Tokens"),
    )
)
"""Those that a reader may call too: they change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is calling."""

    role: str
    name: str
    worker: WorkerId = WorkerId(0)
    digest: str = ""


ANYBODY = Principal(role="", name="")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Auth:
    """The good credentials, by digest. Changes give back the records that make them last."""

    def __init__(self, tokens: Iterable[TokenKept]) -> None:
        self._tokens = {token.digest: token for token in tokens}
        self.visits = Visits()

    def principal(self, method: str, bearer: str, now: float) -> Principal:
        """Who calls this method with this credential. Raises NotAllowed unless they may."""
        roles = "admin" if method.startswith(FLEET) else ALLOWED.get(method)
        if roles == "":
            return ANYBODY
        if roles is None:
            raise NotAllowed("there is no such method")
        return self.holder(("admin", "read") if method in READS else roles.split(), bearer, now)

    def holder(self, roles: Sequence[str], bearer: str, now: float) -> Principal:
        """Whose credential this is, if its role is among these. Raises NotAllowed, or Forbidden for another role's."""
        if not bearer:
            raise NotAllowed("no credentials were given", hint=_HINTS[roles[0]])
        token = self._tokens.get(digest_of(bearer))
        if token is None:
            raise NotAllowed(f"the {roles[0]} token is not (or no longer) good", hint=_HINTS[roles[0]])
        if not _lasts(token, now):
            raise NotAllowed(f"the {token.role} token has expired", hint=_HINTS[token.role])
        if token.role not in roles:
            text = f"a token of the role {token.role} cannot do this; it takes one of the role {roles[0]}"
            raise Forbidden(text, hint=_HINTS[roles[0]])
        return Principal(role=token.role, name=token.name, worker=token.worker, digest=token.digest)

    def good(self, now: float) -> list[TokenKept]:
        """Those that open something, in the order in which they were made."""
        return sorted((token for token in self._tokens.values() if _lasts(token, now)), key=lambda token: token.at)

    def revoke(self, word: str, by: str, now: float) -> tuple[TokenKept, TokenSpent]:
        """The credential whose id begins so opens nothing any more: what it was, and the record. Raises NotFound."""
        found = [token for token in self.good(now) if word and token.digest.startswith(word)]
        if not found:
            raise NotFound(f"there is no good token {word!r}", hint="`paceline token ls` shows them with their ids")
        if len(found) > 1:
            ids = ", ".join(token_id(token.digest) for token in found)
            raise UsageError(f"token: {word!r} is how several begin", hint=f"one of {ids}")
        [token] = found
        if _lies_in_the_file(token):
            text = f"token {token_id(token.digest)} is the server's own and lies in its admin.token"
            raise UsageError(text, hint="delete that file and restart the server: it makes another one")
        return token, self._spend(token, now, by, revoked=True)

    def create(
        self, role: str, name: str, now: float, ttl: float | None = None, *, by: str = "paceline"
    ) -> tuple[str, TokenKept]:
        """A new credential and its record. ``ttl``: seconds it is good for; 0: for ever; None: as ``USUAL``."""
        if role not in ROLES:
            raise UsageError(f"role: there is no role {role!r}", hint=f"roles: {', '.join(ROLES)}")
        text = f"pl_{role}_{secrets.token_urlsafe(32)}"
        seconds = USUAL.get(role, 0.0) if ttl is None else ttl
        if role == "login":
            seconds = min(seconds or CODE, CODE)
        expires = now + seconds if seconds else 0.0
        kept = TokenKept(digest=digest_of(text), role=role, name=name, at=now, expires_at=expires, by=by)
        return text, self._keep(kept)

    def trade(self, join: Principal, name: str, worker: WorkerId, now: float) -> tuple[str, Sequence[Record]]:
        """A worker's key for its join token, which is spent from here on."""
        token = self._tokens.get(join.digest)
        if token is None:
            raise NotAllowed("the join token was used already", hint=_HINTS["join"])
        spent = self._spend(token, now, by=name)
        text = f"pl_worker_{secrets.token_urlsafe(32)}"
        by = join.name or join.role
        key = TokenKept(digest=digest_of(text), role="worker", name=name, at=now, worker=worker, by=by)
        return text, (spent, self._keep(key))

    def exchange(self, code: str, now: float) -> tuple[str, TokenKept, TokenSpent]:
        """An admin token for a login code, which is spent from here on, and their records."""
        holder = self.holder(("login",), code, now)
        by = holder.name or holder.role
        spent = self._spend(self._tokens[holder.digest], now, by)
        text, kept = self.create("admin", holder.name or "dashboard", now, SESSION, by=by)
        return text, kept, spent

    def adopt_admin(self, text: str, now: float) -> Sequence[Record]:
        """The admin token that lies in the file is good, and none that lay there before it."""
        digest = digest_of(text)
        earlier = [each for each in self._tokens.values() if _lies_in_the_file(each) and each.digest != digest]
        spent = [self._spend(each, now, by="admin.token", revoked=True) for each in earlier]
        if digest in self._tokens:
            return spent
        return [*spent, self._keep(TokenKept(digest=digest, role="admin", name="admin", at=now))]

    def highest_worker(self) -> int:
        return max((token.worker for token in self._tokens.values()), default=0)

    def worker_names(self) -> Mapping[str, WorkerId]:
        return {token.name: token.worker for token in self._tokens.values() if token.role == "worker"}

    def _keep(self, token: TokenKept) -> TokenKept:
        self._tokens[token.digest] = token
        return token

    def _spend(self, token: TokenKept, now: float, by: str, *, revoked: bool = False) -> TokenSpent:
        del self._tokens[token.digest]
        return TokenSpent(digest=token.digest, at=now, by=by, revoked=revoked)


def _lasts(token: TokenKept, now: float) -> bool:
    return not token.expires_at or now <= token.expires_at


def _lies_in_the_file(token: TokenKept) -> bool:
    """The server's own: nobody's credential made it."""
    return token.role == "admin" and not token.by


_HINTS = {
    "admin": "set PACELINE_TOKEN, or run where the server's admin.token can be read",
    "read": "make one with `paceline token create --read`",
    "join": "make a new one with `paceline token create --join`; it is good once and for minutes",
    "login": "get a new one with `paceline dashboard`; it is good once and for five minutes",
    "worker": "this worker's key is not known here: remove its key file and join again with a new join token",
}


def admin_token(path: Path) -> str:
    """The text in the admin token's file; made now, readable by its owner only, if there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(f"pl_admin_{secrets.token_urlsafe(32)}\n")
        fresh.rename(path)
    if path.stat().st_mode & 0o077:
        raise NotAllowed(f"{path} can be read by others", hint=f"chmod 600 {path}, or delete it to get a new one")
    return path.read_text().strip()
