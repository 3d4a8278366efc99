"""One queue over every machine you have.

::

    import paceline

    with paceline.Executor(cpu=2, retries=1) as executor:
        print(list(executor.map(pow, range(10), range(10))))
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paceline.model.errors import Conflict as Conflict
    from paceline.model.errors import NeverFits as NeverFits
    from paceline.model.errors import NotAllowed as NotAllowed
    from paceline.model.errors import NotFound as NotFound
    from paceline.model.errors import PacelineError as PacelineError
    from paceline.model.errors import TaskFailed as TaskFailed
    from paceline.model.errors import TryAgain as TryAgain
    from paceline.model.errors import Unreachable as Unreachable
    from paceline.model.errors import UsageError as UsageError
    from paceline.model.errors import VersionMismatch as VersionMismatch
    from paceline.sdk.client import Client as Client
    from paceline.sdk.connect import find as find
    from paceline.sdk.default import map as map  # noqa: A004 - the built-in's twin
    from paceline.sdk.default import submit as submit
    from paceline.sdk.executor import Executor as Executor
    from paceline.sdk.handles import Future as Future
    from paceline.sdk.task import task as task

__version__ = "0.1.0"

_HOMES = {
    "Client": "paceline.sdk.client",
    "Executor": "paceline.sdk.executor",
    "Future": "paceline.sdk.handles",
    "find": "paceline.sdk.connect",
    "map": "paceline.sdk.default",
    "submit": "paceline.sdk.default",
    "task": "paceline.sdk.task",
    "Conflict": "paceline.model.errors",
    "NeverFits": "paceline.model.errors",
    "NotAllowed": "paceline.model.errors",
    "NotFound": "paceline.model.errors",
    "PacelineError": "paceline.model.errors",
    "TaskFailed": "paceline.model.errors",
    "TryAgain": "paceline.model.errors",
    "Unreachable": "paceline.model.errors",
    "UsageError": "paceline.model.errors",
    "VersionMismatch": "paceline.model.errors",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Public names are loaded when asked for: ``import paceline`` in a training script must cost nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'paceline' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
