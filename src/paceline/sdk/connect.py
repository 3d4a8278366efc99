"""Where the server is, and what opens it.

Order: what the caller says > settings (``config/sources.py``) > the server that runs from this user's home.
The home's admin token is sent to no other server than the one that wrote it.
"""

from pathlib import Path

from paceline.config import ClientOptions, ServerOptions, Tls
from paceline.config.setting import CLIENT
from paceline.config.settings.client import SERVER_ADDRESS, TOKEN
from paceline.config.settings.shared import TLS_CA, TLS_CERT, TLS_KEY
from paceline.config.sources import Settings, settings
from paceline.grammar.address import format_address
from paceline.model.errors import NotAllowed, Unreachable
from paceline.wire.address import split_address
from paceline.wire.whereabouts import read_whereabouts, runs_at, same_server

_START = "start one here with `paceline up`, or name another with --server or PACELINE_SERVER"


def find(address: str = "", token: str = "") -> ClientOptions:
    """Options that reach a server.

    Raises Unreachable when no server is known here, NotAllowed when nothing says with which token to enter it,
    UsageError for an address that is none, and for a file of settings that cannot be understood.
    """
    here, found = ServerOptions(), settings(CLIENT)
    wanted = with_port(address) if address else found.of(SERVER_ADDRESS)
    if wanted and not address:
        refuse_strange(found, wanted, here.home)
    target = wanted or _local_address(here)
    return ClientOptions(
        address=target,
        token=token or found.of(TOKEN) or _local_token(here, target),
        tls=Tls(cert=found.of(TLS_CERT), key=found.of(TLS_KEY), ca=found.of(TLS_CA)),
        home=here.home,
    )


def refuse_strange(found: Settings, address: str, home: Path) -> None:
    """Whoever writes a project's file may name a server there, but not send everybody's keys to it.

    Raises NotAllowed, unless the server runs from this home or the user has named it, too.
    """
    if found.from_project(SERVER_ADDRESS) and not (found.seconded(SERVER_ADDRESS) or runs_at(home, address)):
        raise NotAllowed(
            f"{address} is named by the project's file alone, so it is shown no token",
            hint=f"if you know it, say so once: PACELINE_SERVER={address}, or in ~/.config/paceline/config.toml",
        )


def local(here: ServerOptions) -> ClientOptions:
    """The server that runs from this home, as its administrator."""
    target = _local_address(here)
    return ClientOptions(address=target, token=_local_token(here, target), home=here.home)


def with_port(address: str) -> str:
    """``host`` or ``host:port`` as ``host:port``. Raises UsageError for what is neither."""
    return format_address(*split_address(address))


def _local_address(here: ServerOptions) -> str:
    found = read_whereabouts(here.home)
    if found is None:
        raise Unreachable("no Paceline server is known on this machine", hint=_START)
    return found.address


def _local_token(here: ServerOptions, target: str) -> str:
    try:
        if not same_server(_local_address(here), target):
            raise NotAllowed(f"no token for the server at {target}", hint="set PACELINE_TOKEN")
        return here.admin_token.read_text().strip()
    except Unreachable:
        raise NotAllowed(f"no token for the server at {target}", hint="set PACELINE_TOKEN") from None
    except OSError as error:
        raise NotAllowed(
            f"the server's token {here.admin_token} cannot be read: {error.strerror}",
            hint="set PACELINE_TOKEN",
        ) from None
