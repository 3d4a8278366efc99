"""Of ``paceline server``."""

from collections.abc import Sequence

from paceline.config.setting import (
    AIRAVATA,
    DURATION,
    NAMES,
    PORT,
    SERVER,
    SIZE,
    STORE_FILE,
    SWITCH,
    TENSORFLEET,
    TEXT,
    WORKER,
    Alias,
    Setting,
)

HOST = Setting(
    key="server.host",
    kind=TEXT,
    readers=(SERVER,),
    help="Address to listen at; beyond this machine only with TLS.",
    default="127.0.0.1",
    flags=("--host",),
)
SERVER_GRPC_PORT = Setting(
    key="server.port",
    kind=PORT,
    readers=(SERVER,),
    help="For clients and workers; 0: any free one.",
    default="50051",
    flags=("--port",),
)
SERVER_HTTP_PORT = Setting(
    key="server.http_port",
    kind=PORT,
    readers=(SERVER,),
    help="For browsers and REST; 0: any free one.",
    otherwise="3000, or any free one where that is taken",
    flags=("--http-port",),
)
HTTP_HOSTS = Setting(
    key="server.http_hosts",
    kind=NAMES,
    readers=(SERVER,),
    help="A name by which browsers may call it, besides its own.",
    otherwise="none",
    flags=("--http-host",),
)
STORE = Setting(
    key="server.store",
    kind=STORE_FILE,
    readers=(SERVER,),
    help="Where to keep state: a file, or `memory`.",
    otherwise="a file of this home",
    flags=("--store",),
)
CATALOG = Setting(
    key="server.catalog",
    kind=TEXT,
    readers=(SERVER,),
    help="URL of a MongoDB in which models are listed.",
    otherwise="a file of the server",
    flags=("--catalog",),
    own="PACELINE_CATALOG",
    secret=True,
    personal=True,
)
BEAT = Setting(
    key="server.beat",
    kind=DURATION,
    readers=(SERVER,),
    help="Time between heartbeats of workers, which the server tells them.",
    default="5s",
    flags=("--beat", "--heartbeat-interval"),
    aliases=(
        Alias(
            name="HEARTBEAT_INTERVAL",
            systems=f"{TENSORFLEET}, {AIRAVATA}",
            readers=(SERVER,),
            deaf=(WORKER,),
            note="the server sets the beat of all workers",
        ),
    ),
)
LEASE = Setting(
    key="server.lease",
    kind=DURATION,
    readers=(SERVER,),
    help="Silence after which a worker is lost.",
    otherwise="20s, or four beats if that is longer",
    flags=("--lease",),
)
SERVER_RESERVE = Setting(
    key="server.reserve",
    kind=SIZE,
    readers=(SERVER,),
    help="Free disk space below which nothing new is accepted.",
    default="256MiB",
    flags=("--reserve",),
)
PROFILE = Setting(
    key="server.profile",
    kind=SWITCH,
    readers=(SERVER,),
    help="Let an admin at this machine look where its time goes.",
    default="false",
    flags=("--profile",),
)

TABLE: Sequence[Setting[object]] = (
    HOST,
    SERVER_GRPC_PORT,
    SERVER_HTTP_PORT,
    HTTP_HOSTS,
    STORE,
    CATALOG,
    BEAT,
    LEASE,
    SERVER_RESERVE,
    PROFILE,
)
