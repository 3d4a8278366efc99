"""What the checks look at: which server is meant, with which token, and where this user's files are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from paceline.clock import Clock
from paceline.config import ClientOptions, ServerOptions, Tls
from paceline.config.setting import CLIENT, Setting
from paceline.config.settings.client import SERVER_ADDRESS, TOKEN
from paceline.config.sources import settings
from paceline.model.errors import PacelineError
from paceline.sdk.connect import find
from paceline.wire.address import is_loopback
from paceline.wire.whereabouts import Whereabouts, read_whereabouts, same_server

NAMELESS = "no server is known"
"""Why some of it cannot be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where it is said to be, and by what."""

    address: str  # host:port
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What opens it, and where that was found."""

    text: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A PacelineError in the place of something says why there is none."""

    clock: Clock
    home: Path
    server: Server | PacelineError
    token: Token | PacelineError
    tls: Tls = field(default_factory=Tls)

    @property
    def options(self) -> ClientOptions:
        """Of a client that asks this server. Raises the PacelineError for which there is none."""
        server, token = self.server, self.token
        if isinstance(server, PacelineError):
            raise server
        text = token.text if isinstance(token, Token) else ""
        return ClientOptions(address=server.address, token=text, tls=self.tls, home=self.home)

    @property
    def here(self) -> ServerOptions:
        """Of a server that runs from this home, as far as its files go."""
        return ServerOptions(home=self.home)

    @property
    def left(self) -> Whereabouts | None:
        """What the last server of this home wrote down."""
        return read_whereabouts(self.home)

    @property
    def is_ours(self) -> bool:
        """Whether the server that is meant is the one of this home."""
        left = self.left
        return left is not None and isinstance(self.server, Server) and same_server(left.address, self.server.address)

    @property
    def in_clear(self) -> bool:
        """Whether the server that is meant is spoken to without TLS: on this machine only."""
        return isinstance(self.server, Server) and is_loopback(self.server.address) and self.tls == Tls()


Found: TypeAlias = ClientOptions | PacelineError


def surroundings(named: str, clock: Clock) -> Surroundings:
    """As every other command would find them. ``named``: what ``--server`` says."""
    here = ServerOptions()
    whole = _tried(lambda: find(named))
    server = _tried(lambda: find(named, "any"))  # the address alone: it may be known though its token is not
    return Surroundings(
        clock=clock,
        home=here.home,
        server=server
        if isinstance(server, PacelineError)
        else Server(address=server.address, source="--server" if named else _source(SERVER_ADDRESS, here.whereabouts)),
        token=whole
        if isinstance(whole, PacelineError)
        else Token(text=whole.token, source=_source(TOKEN, here.admin_token)),
        tls=server.tls if isinstance(server, ClientOptions) else Tls(),
    )


def _tried(find: Callable[[], ClientOptions]) -> Found:
    try:
        return find()
    except PacelineError as error:
        return error


def _source(setting: Setting[object], otherwise: Path) -> str:
    """What decides it, as ``paceline config explain`` would say."""
    winner = settings(CLIENT).winner(setting)
    return winner.source if winner else str(otherwise)
