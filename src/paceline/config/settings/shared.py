"""What every process has, or at least servers and workers."""

from collections.abc import Sequence

from paceline.config.setting import (
    AIRAVATA,
    ALL,
    BOTH,
    DIRECTORY,
    DURATION,
    FILE,
    LEVEL,
    LOG_FORMAT,
    NODE,
    SWITCH,
    TENSORFLEET,
    Alias,
    Setting,
)

HOME = Setting(
    key="home",
    kind=DIRECTORY,
    readers=ALL,
    help="Where this user's server and workers keep their files.",
    otherwise="paceline in XDG_STATE_HOME, which is ~/.local/state if not set",
    flags=("--home",),
    personal=True,
)


TLS_CERT = Setting(
    key="tls.cert",
    kind=FILE,
    readers=ALL,
    help="Certificate (PEM file).",
    otherwise="none",
    flags=("--tls-cert",),
)
TLS_KEY = Setting(
    key="tls.key",
    kind=FILE,
    readers=ALL,
    help="Key of the certificate (PEM file).",
    otherwise="none",
    flags=("--tls-key",),
)
TLS_CA = Setting(
    key="tls.ca",
    kind=FILE,
    readers=ALL,
    help="Authority to trust (PEM file).",
    otherwise="the system's authorities",
    flags=("--tls-ca",),
)
KEEPALIVE_TIME = Setting(
    key="keepalive.time",
    kind=DURATION,
    readers=BOTH,
    help="Quiet time on a gRPC connection after which the other side is asked whether it is there.",
    otherwise="30s on a worker, 10s on a server",
    aliases=(Alias(name="GRPC_KEEPALIVE_TIME", systems=AIRAVATA, readers=BOTH),),
)
KEEPALIVE_TIMEOUT = Setting(
    key="keepalive.timeout",
    kind=DURATION,
    readers=BOTH,
    help="How long it may take to answer that.",
    otherwise="10s on a worker, 20s on a server",
    aliases=(Alias(name="GRPC_KEEPALIVE_TIMEOUT", systems=AIRAVATA, readers=BOTH),),
)
KEEPALIVE_IDLE = Setting(
    key="keepalive.idle",
    kind=SWITCH,
    readers=BOTH,
    help="Whether to ask also while no call is open.",
    default="false",
    aliases=(Alias(name="GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS", systems=AIRAVATA, readers=BOTH),),
)

LOG_LEVEL = Setting(
    key="log.level",
    kind=LEVEL,
    readers=BOTH,
    help="How much is logged.",
    default="info",
    flags=("--log-level",),
    aliases=(
        Alias(
            name="LOG_LEVEL",
            systems=f"{TENSORFLEET}, {AIRAVATA}, {NODE}",
            readers=BOTH,
            note="in any case: INFO is info",
        ),
    ),
)
LOG_FORM = Setting(
    key="log.format",
    kind=LOG_FORMAT,
    readers=BOTH,
    help="In which form.",
    otherwise="console at a terminal, else json",
    flags=("--log-format",),
)

TABLE: Sequence[Setting[object]] = (
    HOME,
    TLS_CERT,
    TLS_KEY,
    TLS_CA,
    KEEPALIVE_TIME,
    KEEPALIVE_TIMEOUT,
    KEEPALIVE_IDLE,
    LOG_LEVEL,
    LOG_FORM,
)
