"""How a command speaks.

Results go to stdout, remarks to stderr. ``--json`` makes the result one JSON object, ``{"schema": "paceline/v1", …}``,
or one such object per line where a command streams; ``-q`` makes it ids, one per line. Hints are shown to a person at
a terminal and to nobody else. Colour follows ``NO_COLOR`` and the terminal.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

import click

from paceline.cli import main
from paceline.config import of_caller

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What the caller said about form, and which server he means."""

    json: bool = False
    quiet: bool = False
    server: str = ""

    def show(
        self, document: Callable[[], Mapping[str, object]], *, text: Callable[[], str], ids: Iterable[object] = ()
    ) -> None:
        """The result, in the form that was asked for; the others are not even made."""
        if self.json:
            self.line(document())
        elif self.quiet:
            self._print("".join(f"{each}\n" for each in ids))
        else:
            self._print(_ended(text()))

    def line(self, document: Mapping[str, object]) -> None:
        """One JSON object on a line of its own."""
        self._print(main.document(document) + "\n")

    def remark(self, text: str) -> None:
        """Something worth knowing that is not the result."""
        if not self.json and not self.quiet:
            click.echo(text, err=True, color=_colour())

    def hint(self, text: str) -> None:
        """What to do next, for a person."""
        if self.person:
            click.echo(f"{click.style('hint:', fg='cyan')} {text}", err=True, color=_colour())

    @property
    def person(self) -> bool:
        """Somebody watches, so progress and hints are welcome."""
        return not self.json and not self.quiet and sys.stderr.isatty()

    def _print(self, text: str) -> None:
        click.echo(text, nl=False, color=_colour())


def speaks(command: Callable[Concatenate[Face, P], R]) -> Callable[P, R]:
    """Give a command the options of form that every command has, and its ``Face`` as first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON: one object, or one per line for streams.")
    @click.option("-q", "--quiet", is_flag=True, help="Print ids only.")
    @functools.wraps(command)
    def spoken(*args: P.args, **kwargs: P.kwargs) -> R:
        form = {"json": bool(kwargs.pop("as_json")), "quiet": bool(kwargs.pop("quiet"))}
        return command(Face(**form, server=str(kwargs.pop("server_address", ""))), *args, **kwargs)

    return spoken


def asks(command: Callable[Concatenate[Face, P], R]) -> Callable[P, R]:
    """The same for a command that talks to the server."""
    option = click.option(
        "--server",
        "server_address",
        metavar="HOST[:PORT]",
        default="",
        help="The server, instead of the one known here.",
    )
    return option(speaks(command))


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _colour() -> bool | None:
    """None leaves it to click, which looks for a terminal."""
    return False if of_caller("NO_COLOR") else None
