"""Addresses of servers, in all the forms in which people know them.

``host`` and ``host:port`` (a version 6 address in brackets), and a URL. Of ``http://host:3000``, by which the browser
knows a server, only the host counts: workers and clients speak gRPC, which has a port of its own. ``grpc://host:port``
is ``host:port``.
"""

from urllib.parse import urlsplit

from paceline.model.errors import UsageError

PORTS = range(1, 1 << 16)


def parse_address(text: str, field: str = "server", port: int = 50051) -> tuple[str, int]:
    """Host and port; ``port`` where none is said. Raises UsageError for what is no address."""
    scheme, is_url, rest = text.strip().partition("://")
    if not is_url:
        return _host_and_port(text.strip(), field, port)
    if scheme.lower() == "grpc":
        return _host_and_port(rest.rstrip("/"), field, port)
    if scheme.lower() not in ("http", "https"):
        raise _refused(text, field, f"write it without {scheme}://")
    host = _host_of(text, field)
    return host, port


def format_address(host: str, port: int) -> str:
    """``host:port``, a version 6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def has_port(text: str) -> bool:
    """Whether the port is said, too."""
    return "://" in text or (":" in text and not text.endswith("]"))


def parse_port(text: str, field: str = "port") -> int:
    """A port; 0 stands for any free one."""
    if text.isdecimal() and int(text) in range(1 << 16):
        return int(text)
    raise UsageError(f"{field}: {text!r} is not a port", hint="a number from 0 (any free one) to 65535")


def _host_and_port(text: str, field: str, otherwise: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(otherwise)
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise _refused(text, field, "a version 6 address stands in brackets: [::1]:50051")
    if not host or not port.isdecimal() or int(port) not in PORTS or set(host) & set("/ @"):
        raise _refused(text, field, "such as gpu-box:50051")
    return host.strip("[]"), int(port)


def _host_of(url: str, field: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise _refused(url, field, "such as gpu-box:50051, or http://gpu-box:3000")
    return host


def _refused(text: str, field: str, hint: str) -> UsageError:
    return UsageError(f"{field}: {text!r} is not an address", hint=hint)
