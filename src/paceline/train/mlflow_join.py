"""``python -m paceline.train.mlflow_join COMMAND…``: make the MLflow run of this attempt, then become the command.

A worker puts this before the programs of a job whose environment holds ``PACELINE_MLFLOW`` (MLflow's address). The
program takes this process's place, so exit code, signals and memory are its own, and whatever it says to ``mlflow.*``
joins the run that ``MLFLOW_RUN_ID`` names.

A program is not kept from running because nobody can note down how it runs: without MLflow it says so and goes on.
"""

import logging
import os
import sys
import time
from contextlib import suppress

from paceline.model.errors import UsageError
from paceline.train.mlflow_runs import ADDRESS, EXPERIMENT, SINCE, Runs


def main(argv: list[str]) -> None:
    """Does not return."""
    before = dict(os.environ)
    run = _run()
    named = {"MLFLOW_RUN_ID": run} if run else {}
    try:
        os.execvpe(argv[0], argv, before | named)
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        sys.exit(127)


def _run() -> str:
    """This attempt's run; empty if there can be none."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    task, number = os.environ["PACELINE_TASK_ID"], int(os.environ["PACELINE_ATTEMPT"])
    try:
        runs = Runs(
            os.environ[ADDRESS],
            os.environ.get(EXPERIMENT, f"job {task.partition('.')[0]}"),
            float(os.environ.get(SINCE, "0")),
        )
        run = runs.ensure(task, number)
        runs.give_up_before(task, number, time.time())  # noqa: TID251 - no clock of ours in the user's process
    except UsageError as error:
        return _without(f"{error.message}; {error.hint}")
    except Exception as error:  # noqa: BLE001 - MLflow raises what its stores and its network raise
        return _without(f"mlflow: {error}")
    return run


def _without(why: str) -> str:
    with suppress(OSError):
        sys.stderr.write(f"paceline: runs without MLflow: {why}\n")
    return ""


if __name__ == "__main__":
    main(sys.argv[1:])
