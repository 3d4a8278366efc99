"""``paceline token``: credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paceline.cli.face import Face, asks
from paceline.cli.forms import form, forms
from paceline.cli.lazy import NounGroup
from paceline.cli.session import ask
from paceline.cli.table import table
from paceline.grammar import format_moment, parse_duration
from paceline.model.errors import UsageError
from paceline.model.views import TokenView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

HEADING = ("ID", "ROLE", "NAME", "MADE", "BY", "GOOD UNTIL")


@click.group(cls=NounGroup)
def token() -> None:
    """Create, list and revoke tokens."""


@token.command()
@click.option("--join", "role", flag_value="join", help="One with which a worker joins, once.")
@click.option("--read", "role", flag_value="read", help="One that sees everything and changes nothing.")
@click.option("--admin", "role", flag_value="admin", help="One that may do everything.")
@click.option("--name", default="", help="What it is for.")
@click.option(
    "--ttl", default="", metavar="DURATION", help="How long it is good for, 0: for ever; default 10m to join, else 0."
)
@asks
def create(face: Face, *, role: str | None, name: str, ttl: str) -> None:
    """Create a token. It is shown only now; the server keeps a hash of it."""
    if role is None:
        raise UsageError("token: what for?", hint="paceline token create --join")
    seconds = parse_duration(ttl, "--ttl") if ttl else None
    made = ask(face, lambda client: client.create_token(role, name=name, ttl=seconds))
    face.show(lambda: {"token": {**form(made), "role": role}}, ids=[made.token], text=lambda: made.token)
    until = f"good until {format_moment(made.expires_at)}" if made.expires_at else "good for ever"
    face.hint(f"{until}, or: paceline token revoke {made.id}")
    if role == "join":
        face.hint("there: put it into a file and start  paceline worker --server HOST --join-token-file FILE")


@token.command()
@asks
def ls(face: Face) -> None:
    """List the tokens, keys and codes that are good, the oldest first. Their texts are nowhere any more."""
    found = ask(face, lambda client: client.tokens())
    face.show(
        lambda: {"tokens": forms(found)},
        ids=(each.id for each in found),
        text=lambda: table(HEADING, [_row(each) for each in found], empty="no tokens"),
    )


@token.command()
@click.argument("tokens", metavar="ID...", nargs=-1, required=True)
@asks
def revoke(face: Face, tokens: tuple[str, ...]) -> None:
    """Make tokens good for nothing, at once. A worker whose key it was is cut off.

    ID is as `paceline token ls` shows it, or how it begins.
    """

    async def revoking(client: Client) -> list[TokenView]:
        return [await client.revoke_token(each) for each in tokens]

    found = ask(face, revoking)
    face.show(
        lambda: {"tokens": forms(found)},
        ids=(each.id for each in found),
        text=lambda: "\n".join(f"revoked {each.id}: {_what(each)}" for each in found),
    )


def _row(view: TokenView) -> tuple[str, ...]:
    until = format_moment(view.expires_at) if view.expires_at else "for ever"
    return (view.id, view.role, view.name, format_moment(view.at), view.by or "admin.token", until)


def _what(view: TokenView) -> str:
    return f"the key of worker {view.name}" if view.role == "worker" else " ".join((view.role, view.name)).strip()
