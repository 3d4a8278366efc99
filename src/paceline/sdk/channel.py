"""The gRPC channel to a server. A token never travels in the clear beyond this machine."""

from collections.abc import Sequence
from pathlib import Path

import grpc

from paceline.config import MESSAGE_LIMIT, ClientOptions, Tls
from paceline.model.errors import UsageError
from paceline.sdk.connect import is_loopback
from paceline.wire.status import PROTOCOL, PROTOCOL_KEY

Metadata = tuple[tuple[str, str], ...]

_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


def open_channel(options: ClientOptions) -> grpc.aio.Channel:
    """Plain on this machine; anywhere else TLS, by the given files or else by the system's authorities."""
    if is_loopback(options.address) and options.tls == Tls():
        return grpc.aio.insecure_channel(options.address, options=_OPTIONS)
    return grpc.aio.secure_channel(options.address, _credentials(options.tls), options=_OPTIONS)


def metadata(options: ClientOptions) -> Metadata:
    """What every call carries."""
    return (("authorization", f"Bearer {options.token}"), (PROTOCOL_KEY, str(PROTOCOL)))


def _credentials(tls: Tls) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        root_certificates=_pem("ca", tls.ca),
        private_key=_pem("key", tls.key),
        certificate_chain=_pem("cert", tls.cert),
    )


def _pem(what: str, path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"tls.{what}: {path} cannot be read: {error.strerror}") from None
