"""How a server is reached, and what is said with every submission."""

from collections.abc import Sequence

from paceline.config.setting import (
    ADDRESS,
    AIRAVATA,
    CLIENT,
    TENSORFLEET,
    TEXT,
    WORKER,
    Alias,
    Setting,
)

SERVER_ADDRESS = Setting(
    key="server.address",
    kind=ADDRESS,
    readers=(CLIENT, WORKER),
    help="The server.",
    otherwise="the one that runs from this home",
    flags=("--server", "--server-address", "--scheduler"),
    own="PACELINE_SERVER",
    aliases=(
        Alias(name="ORCHESTRATOR_ADDRESS", systems=TENSORFLEET, readers=(WORKER,)),
        Alias(
            name="SERVER_ADDRESS",
            systems=AIRAVATA,
            readers=(WORKER,),
            note="a host or host:port; SERVER_PORT is read only where it is a host alone",
            port="SERVER_PORT",
        ),
    ),
)
TOKEN = Setting(
    key="server.token",
    kind=TEXT,
    readers=(CLIENT,),
    help="The token to show it.",
    otherwise="this home's admin token, to this home's server",
    own="PACELINE_TOKEN",
    secret=True,
    personal=True,
)
EXPERIMENT = Setting(
    key="submit.experiment",
    kind=TEXT,
    readers=(CLIENT,),
    help="A label that groups jobs, for those that run, submit and the SDK submit without one.",
    otherwise="none",
    own="PACELINE_EXPERIMENT",
)

TABLE: Sequence[Setting[object]] = (
    SERVER_ADDRESS,
    TOKEN,
    EXPERIMENT,
)
