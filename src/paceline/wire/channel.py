"""The way to a server: addresses, channels, and what every call carries. A token never leaves this machine in clear."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path

import grpc

from paceline.config import GRPC_PORT, MESSAGE_LIMIT, Tls
from paceline.model.errors import UsageError
from paceline.wire.status import PROTOCOL, PROTOCOL_KEY

Metadata = tuple[tuple[str, str], ...]

_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 10_000),  # what it means is: how long one handshake may take
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),  # else a new channel inherits the back-off of the last one
)


def open_channel(address: str, tls: Tls) -> grpc.aio.Channel:
    """Plain on this machine; anywhere else TLS, by the given files or else by the system's authorities."""
    if is_loopback(address) and tls == Tls():
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_pem("ca", tls.ca),
        private_key=_pem("key", tls.key),
        certificate_chain=_pem("cert", tls.cert),
    )
    return grpc.aio.secure_channel(address, credentials, options=_OPTIONS)


def metadata(token: str) -> Metadata:
    """What every call carries."""
    return (("authorization", f"Bearer {token}"), (PROTOCOL_KEY, str(PROTOCOL)))


def split_address(address: str) -> tuple[str, int]:
    """``host``, ``host:port`` or ``[::1]:port``. Raises UsageError for what is none of them."""
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, str(GRPC_PORT)
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise UsageError(f"server: {address!r} is not an address", hint="such as gpu-box:50051")
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Whether whoever answers there is on this machine."""
    return is_local(split_address(address)[0])


def is_local(host: str) -> bool:
    """Whether this is a name of the machine for itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pem(what: str, path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"tls.{what}: {path} cannot be read: {error.strerror}") from None
