"""Where the server is, and what opens it.

Order: what the caller says > ``PACELINE_SERVER`` and ``PACELINE_TOKEN`` > the server that runs from this user's home.
The home's admin token is sent to no other server than the one that wrote it.
"""

from paceline.config import ClientOptions, ServerOptions, Tls, variable
from paceline.model.errors import NotAllowed, Unreachable
from paceline.wire.address import split_address
from paceline.wire.whereabouts import read_whereabouts, same_server

_START = "start one here with `paceline up`, or name another with --server or PACELINE_SERVER"


def find(address: str = "", token: str = "") -> ClientOptions:
    """Options that reach a server.

    Raises Unreachable when no server is known here, NotAllowed when nothing says with which token to enter it,
    UsageError for an address that is none.
    """
    here = ServerOptions()
    wanted = address or variable("SERVER")
    target = with_port(wanted) if wanted else _local_address(here)
    return ClientOptions(
        address=target,
        token=token or variable("TOKEN") or _local_token(here, target),
        tls=Tls(cert=variable("TLS_CERT"), key=variable("TLS_KEY"), ca=variable("TLS_CA")),
    )


def local(here: ServerOptions) -> ClientOptions:
    """The server that runs from this home, as its administrator."""
    target = _local_address(here)
    return ClientOptions(address=target, token=_local_token(here, target), home=here.home)


def with_port(address: str) -> str:
    """``host`` or ``host:port`` as ``host:port``. Raises UsageError for what is neither."""
    host, port = split_address(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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
