"""Credentials: made for others, looked at, revoked; and a one-time code traded for one of one's own."""

from typing import Annotated, Literal

import msgspec
from litestar import delete, get, post
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from paceline.model.views import TokenView
from paceline.server.operations import tokens
from paceline.server.rest import problems
from paceline.server.rest.here import Here
from paceline.server.rest.page import Page

YEARS = 10 * 365 * 86_400

Id = Annotated[
    str,
    PathParameter(
        description="A token's id, or how it begins.", max_length=64, examples=[Example(value="0123456789ab")]
    ),
]


class Wanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``role``: "admin" may do everything, "read" sees everything, with "join" a worker joins once, with "login" a
    browser gets a token once. ``name``: what it is for. ``ttl``: seconds it is good for; 0: for
    ever. Where it is not said: ten minutes to join, five to log in, the others for ever."""

    role: Literal["admin", "read", "join", "login"]
    name: Annotated[str, msgspec.Meta(max_length=128)] = ""
    ttl: Annotated[float, msgspec.Meta(ge=0, le=YEARS)] | None = None


class Token(msgspec.Struct, kw_only=True):
    """A credential, told only now. ``id``: what it is called by from here on."""

    token: str
    id: str
    expires_at: float  # seconds since 1970; 0: never


class Login(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A token of the role "login", which is good once."""

    code: Annotated[str, msgspec.Meta(max_length=200)]


@get("/tokens", tags=["tokens"])
async def listed(fleet: Here) -> Page[TokenView]:
    """The tokens, keys and codes that are good, the oldest first. Their texts are nowhere any more."""
    return Page(items=tokens.tokens(fleet))


@post("/tokens", tags=["tokens"])
async def create(fleet: Here, data: JSONBody[Wanted]) -> Token:
    """Make a token. It is shown only now; the server keeps a hash of it."""
    return _told(*await tokens.create(fleet, data.role, data.name, data.ttl))


@delete("/tokens/{token:str}", tags=["tokens"], status_code=200)
async def revoke(fleet: Here, token: Id) -> TokenView:
    """Make a token good for nothing: what it was. A worker whose key it was is cut off."""
    return await tokens.revoke(fleet, token)


@post("/login", tags=["tokens"], status_code=200, responses=problems.responses(401))
async def login(fleet: Here, data: JSONBody[Login]) -> Token:
    """Trade a one-time code for an admin token that lasts twelve hours."""
    return _told(*await tokens.log_in(fleet, data.code))


def _told(text: str, view: TokenView) -> Token:
    return Token(token=text, id=view.id, expires_at=view.expires_at)
