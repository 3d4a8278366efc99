"""Credentials: made for others, looked at, revoked; and a one-time code traded for one of one's own."""

from paceline.model.errors import UsageError
from paceline.model.ids import token_id
from paceline.model.records import TokenKept
from paceline.model.views import TokenView
from paceline.server import caller
from paceline.server.fleet import Fleet


def tokens(fleet: Fleet) -> list[TokenView]:
    """Every credential that is good, the oldest first."""
    return [_view(token) for token in fleet.auth.good(fleet.clock.now())]


async def create(fleet: Fleet, role: str, name: str, ttl: float | None) -> tuple[str, TokenView]:
    """A new credential's text, which is told this once, and what is known of it."""
    if ttl is not None and ttl < 0:
        raise UsageError(f"ttl: {ttl} is negative")
    fleet.loop.hold.demand()
    text, kept = fleet.auth.create(role, name, fleet.clock.now(), ttl, by=caller.by())
    await fleet.loop.keep_now(kept)
    return text, _view(kept)


async def revoke(fleet: Fleet, word: str) -> TokenView:
    """Make a credential, by how its id begins, good for nothing: what it was. Whatever is open with it is ended.

    A worker whose key it was is cut off so; what it ran goes elsewhere when its lease is over.
    """
    fleet.loop.hold.demand()
    token, record = fleet.auth.revoke(word, caller.by(), fleet.clock.now())
    await fleet.loop.keep_now(record)
    fleet.auth.visits.end(token.digest)
    return _view(token)


async def log_in(fleet: Fleet, code: str) -> tuple[str, TokenView]:
    """An admin credential's text, and what is known of it. Raises NotAllowed for a code that is spent, old or wrong."""
    now = fleet.clock.now()
    fleet.auth.holder(("login",), code, now)
    fleet.loop.hold.demand()  # before the code is spent
    text, kept, spent = fleet.auth.exchange(code, now)
    await fleet.loop.keep_now(spent, kept)
    return text, _view(kept)


def _view(token: TokenKept) -> TokenView:
    return TokenView(
        id=token_id(token.digest),
        role=token.role,
        name=token.name,
        at=token.at,
        expires_at=token.expires_at,
        worker=token.worker,
        by=token.by,
    )
