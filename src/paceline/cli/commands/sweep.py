"""``paceline sweep``: search for the best parameters."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paceline.cli import exits
from paceline.cli.commands.best import show_best
from paceline.cli.face import Face, asks
from paceline.cli.interrupts import attended
from paceline.cli.session import ask
from paceline.cli.words import short
from paceline.clock import SystemClock
from paceline.config import of_caller
from paceline.model.errors import Conflict, UsageError
from paceline.model.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from paceline.orders.jobfile import Search
    from paceline.sdk.client import Client
    from paceline.sdk.sweeps.driver import Driver, LiveTrial


@click.command()
@click.argument("file", metavar="FILE.yaml", type=click.Path(path_type=Path))
@asks
def sweep(face: Face, file: Path) -> int:
    """Search for the best parameters of a job file's work, as its `sweep` says.

    Every trial is a task of one job. Ctrl-C lets go: what runs runs on, and the same command goes on with it. A second
    Ctrl-C cancels the job. Needs Optuna: pip install 'paceline[sweep]'.
    """
    driver, search = _driver(), _search(file)
    with _alone(file):
        return ask(face, lambda client: _attended(client, face, Sweep(file=file, search=search, driver=driver)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What is to be done, and by which class."""

    file: Path
    search: Search
    driver: type[Driver]


def _search(file: Path) -> Search:
    from paceline.orders import jobfile  # noqa: PLC0415 - PyYAML, which --help need not pay

    return jobfile.load_search(
        file,
        jobfile.Surroundings(
            directory=file.absolute().parent,
            cwd=Path.cwd(),
            now=SystemClock().now(),
            inherit=of_caller,
            owner=getuser(),
        ),
    )


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Two drivers of one sweep would both add its next trial. The lock is gone with the process, however it ends."""
    with file.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"{file}: its sweep is being run already", hint="watch it: paceline watch last") from None
        yield


async def _attended(client: Client, face: Face, sweep: Sweep) -> int:
    with _shown(face, sweep.search) as tell:
        driver = sweep.driver(client, sweep.search, tell)

        def let_go() -> None:
            face.remark(
                f"\nlet go: what runs runs on; Ctrl-C again cancels it; go on with: paceline sweep {sweep.file}"
            )

        async def cancel() -> int:
            for job in driver.jobs[-1:]:
                await client.cancel(job, reason="Ctrl-C")
            return exits.INTERRUPTED

        code = await attended(_to_the_end(driver, face), let_go=let_go, cancel=cancel)
    return code if code else await _tell_best(client, face, driver, sweep.search)


def _driver() -> type[Driver]:
    try:
        from paceline.sdk.sweeps.driver import Driver  # noqa: PLC0415 - Optuna: an extra
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        raise UsageError("a sweep needs Optuna, which is not installed", hint="pip install 'paceline[sweep]'") from None
    return Driver


async def _to_the_end(driver: Driver, face: Face) -> int:
    if await driver.run():
        return 0
    face.remark(f"job {driver.jobs[-1]} was cancelled; the same command goes on with another one")
    return exits.INTERRUPTED


async def _tell_best(client: Client, face: Face, driver: Driver, search: Search) -> int:
    from paceline.sdk.sweeps import trials  # noqa: PLC0415 - as above

    found = [trial for job in driver.jobs for trial in await trials.trials_of(client, job)]
    complete = [trial for trial in found if trial.state == "SUCCEEDED"]
    ranked = trials.best(complete, search.sweep.metric, search.way)
    if not ranked:
        face.remark(f"none of {len(found)} trials came to a {search.sweep.metric}")
        return 1
    show_best(face, ranked[:1], search.sweep.metric)
    return 0


@contextmanager
def _shown(face: Face, search: Search) -> Iterator[Callable[[LiveTrial], None]]:
    """Where news of trials go: a table for a person, JSON lines where those were asked for, else a line for each."""
    if face.person:
        from paceline.cli.live.screen import terminal  # noqa: PLC0415 - rich: 80 ms that only a table needs
        from paceline.cli.live.trials import TrialScreen  # noqa: PLC0415 - with it

        with TrialScreen(terminal(), search.sweep.metric, search.way) as screen:
            yield screen.tell
    else:
        yield Lines(face, search.sweep.metric).tell


class Lines:
    """One line for every state that a trial comes to; in words only for the last one."""

    def __init__(self, face: Face, metric: str) -> None:
        self._face = face
        self._metric = metric
        self._states: dict[int, str] = {}

    def tell(self, trial: LiveTrial) -> None:
        """Something of this trial has changed."""
        if self._states.get(trial.number) == trial.state:
            return
        self._states[trial.number] = trial.state
        if self._face.json:
            self._face.line({"type": "trial", "trial": _form(trial)})
        elif trial.state not in ("running", "pruning"):
            self._face.remark(self._sentence(trial))

    def _sentence(self, trial: LiveTrial) -> str:
        params = " ".join(f"{name}={short(value)}" for name, value in trial.params.items())
        value = "" if trial.value is None else f" {self._metric} {trial.value:.6g}"
        return visible(f"trial {trial.number} ({trial.task}) {trial.state}:{value}  {params}")


def _form(trial: LiveTrial) -> dict[str, object]:
    return {
        "number": trial.number,
        "task": str(trial.task),
        "state": trial.state,
        "step": trial.step if trial.step >= 0 else None,
        "value": trial.value,
        "params": trial.params,
        "detail": trial.detail,
    }
