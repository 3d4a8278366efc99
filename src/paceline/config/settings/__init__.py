"""Every setting there is, in one table: what the command line offers, what variables and files may say, what
``paceline config`` shows and docs/settings.md lists all come from here.

To add one: a value in the module of who reads it, a field in that process's options, and its use there.
"""

from collections.abc import Sequence

from paceline.config.setting import BOTH, CELERY, NODE, Alias, Setting
from paceline.config.settings import client, server, shared, worker

TABLE: Sequence[Setting[object]] = (*client.TABLE, *server.TABLE, *worker.TABLE, *shared.TABLE)
"""All there are, in the order in which they are shown."""

FOREIGN: Sequence[Alias] = (
    Alias(
        name="CELERY_BROKER_URL",
        systems=f"{NODE}, {CELERY}",
        deaf=BOTH,
        note="there is no broker here: workers dial the server",
    ),
    Alias(
        name="CELERY_RESULT_BACKEND",
        systems=f"{NODE}, {CELERY}",
        deaf=BOTH,
        note="results are kept by the server: `paceline job results`",
    ),
    Alias(name="CELERY_TRACE", systems=f"{NODE}, {CELERY}", deaf=BOTH, note="say PACELINE_LOG_LEVEL=debug"),
    Alias(
        name="CELERY_TASK_TRACK_STARTED",
        systems=f"{NODE}, {CELERY}",
        deaf=BOTH,
        note="a task is always seen to have started: `paceline task show`",
    ),
)
"""Variables of older systems that cannot mean anything here, and why."""


def by_key(key: str) -> Setting[object] | None:
    return next((each for each in TABLE if each.key == key), None)
