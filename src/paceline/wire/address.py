"""Addresses of servers, and which of them are on this machine."""

import ipaddress

from paceline.config import GRPC_PORT
from paceline.grammar.address import parse_address


def split_address(address: str) -> tuple[str, int]:
    """Host and port, in any form that ``grammar.address`` reads. Raises UsageError for what is none."""
    return parse_address(address, "server", GRPC_PORT)


def is_loopback(address: str) -> bool:
    """Whether whoever answers there is on this machine."""
    return is_local(split_address(address)[0])


def is_local(host: str) -> bool:
    """Whether this is a name of the machine for itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
