"""Credentials: made for others, and a one-time code traded for one of one's own."""

from typing import Annotated, Literal

import msgspec
from litestar import post
from litestar.params import JSONBody

from paceline.server.operations import logins, workers
from paceline.server.rest import problems
from paceline.server.rest.here import Here

YEARS = 10 * 365 * 86_400


class Wanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``role``: "admin" may do everything, "read" sees everything, with "join" a worker joins once, with "login" a
    browser gets a token once. ``name``: what it is for. ``ttl``: seconds it is good for; 0: for
    ever. Where it is not said: ten minutes to join, five to log in, the others for ever."""

    role: Literal["admin", "read", "join", "login"]
    name: Annotated[str, msgspec.Meta(max_length=128)] = ""
    ttl: Annotated[float, msgspec.Meta(ge=0, le=YEARS)] | msgspec.UnsetType = msgspec.UNSET


class Token(msgspec.Struct, kw_only=True):
    """A credential, told only now."""

    token: str
    expires_at: float  # seconds since 1970; 0: never


class Login(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A token of the role "login", which is good once."""

    code: Annotated[str, msgspec.Meta(max_length=200)]


@post("/tokens", tags=["tokens"])
async def create(fleet: Here, data: JSONBody[Wanted]) -> Token:
    """Make a token. It is shown only now; the server keeps a hash of it."""
    ttl = None if isinstance(data.ttl, msgspec.UnsetType) else data.ttl
    text, expires_at = await workers.create_token(fleet, data.role, data.name, ttl)
    return Token(token=text, expires_at=expires_at)


@post("/login", tags=["tokens"], status_code=200, responses=problems.responses(401))
async def login(fleet: Here, data: JSONBody[Login]) -> Token:
    """Trade a one-time code for an admin token that lasts twelve hours."""
    text, expires_at = await logins.log_in(fleet, data.code)
    return Token(token=text, expires_at=expires_at)
