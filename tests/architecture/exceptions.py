"""Every exception to a rule of this folder, with its reason. One that nothing needs any more fails the tests."""

from collections.abc import Iterable, Mapping

import pytest

ENVIRONMENT: Mapping[str, str] = {
    "config/__init__.py": "the one reader",
    "config/sources.py": "reads settings there, for all who ask",
    "train/mlflow_join.py": "becomes the user's process: its environment names the run",
    "train/session.py": "runs in the user's process, whose environment is how it is told what it belongs to",
}
"""Files that may touch ``os.environ``."""

LONG_FUNCTIONS: Mapping[str, str] = {}
"""``place:function`` that may be longer than 50 lines of code."""

LONG_FILES: Mapping[str, str] = {}
"""Files that may be longer than 400 lines."""

MANY_PARAMETERS: Mapping[str, str] = {
    "server/rest/events.py:listed": "each is a parameter of a query",
    "server/rest/models.py:listed": "each is a parameter of a query",
    "server/rest/tasks.py:log": "each is a parameter of a query",
}
"""``place:function`` that may take more than six parameters."""

MANY_METHODS: Mapping[str, str] = {}
"""``place:class`` that may have more than twenty methods."""

CONSTRUCTS: Mapping[str, str] = {
    "executors/user_code.py:pickle.loads": "functions and arguments, in the user process that runs them",
    "supervisor/guard.py:os.fork": "one thread, and nothing loaded or open yet: a guard for a millisecond",
    "sdk/functions.py:pickle.loads": "results, in the process of the user who asked for them",
}
"""``place:construct`` of ``test_constructs.FORBIDDEN`` that may stand there."""

SLEEPS: Mapping[str, str] = {"proxy.py": "its faults are delays"}
"""Test files outside ``tests/system`` that may wait for time to pass."""

PATCHES: Mapping[str, str] = {
    "simulation/mutants/mutant.py": "plants bugs, to see whether the simulation finds them",
}
"""Test files that may replace attributes of something."""


def demand(found: Iterable[str], excepted: Mapping[str, str]) -> None:
    """Fail on findings without an exception, and on exceptions without a finding."""
    findings = set(found)
    unexcused = [f"{name}: mend it, or give a reason in exceptions.py" for name in sorted(findings - set(excepted))]
    unneeded = [f"{name}: take it out of exceptions.py" for name in sorted(set(excepted) - findings)]
    demand_none(unexcused + unneeded)


def demand_none(findings: Iterable[str]) -> None:
    """Fail if there is any, with all of them in full and nothing else."""
    if text := "\n".join(findings):
        pytest.fail(text, pytrace=False)
