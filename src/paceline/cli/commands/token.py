"""``paceline token``: credentials."""

import click

from paceline.cli.face import Face, asks
from paceline.cli.forms import form
from paceline.cli.lazy import NounGroup
from paceline.cli.session import ask
from paceline.grammar import format_moment, parse_duration
from paceline.model.errors import UsageError


@click.group(cls=NounGroup)
def token() -> None:
    """Create tokens."""


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
    face.hint(f"good until {format_moment(made.expires_at)}" if made.expires_at else "good for ever")
    if role == "join":
        face.hint("there: put it into a file and start  paceline worker --server HOST --join-token-file FILE")
