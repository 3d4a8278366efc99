"""Addresses of servers, and which of them are on this machine."""

import ipaddress

from paceline.config import GRPC_PORT
from paceline.model.errors import UsageError


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
