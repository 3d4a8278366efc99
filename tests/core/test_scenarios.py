"""Scenarios that read like a conversation: commands in, all that was decided out, compared to the letter.

A block of commands is one step. ``advance 5`` lets time pass before it, ``restart`` goes on from what is kept with
another server, ``explain 1.0`` and ``show`` look without touching. ``PACELINE_REWRITE=1`` writes down what comes out.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paceline.core.explain import explain_task
from paceline.core.views import job_view, task_state
from paceline.model.ids import JobId, TaskId
from tests.core.audited import AuditedWorld
from tests.core.script import Command, event, read
from tests.core.telling import tell, tell_explanation

FOLDER = Path(__file__).parent / "scenarios"
RULE = "----"


def perform(world: AuditedWorld, commands: list[Command]) -> Iterator[str]:
    """One block; the lines that come of it."""
    looks = {"explain": _explain, "show": _show, "restart": _restart}
    if commands[0].verb in looks:
        yield from looks[commands[0].verb](world, commands[0])
        return
    if commands[0].verb == "advance":
        world.clock.advance(float(commands.pop(0).words[0]))
    now = world.clock.now()
    yield from tell(world.step(*(event(command, now) for command in commands)), now)


def _explain(world: AuditedWorld, command: Command) -> Iterator[str]:
    job, _, index = command.words[0].partition(".")
    live = world.job(int(job))
    task = TaskId(JobId(int(job)), int(index))
    yield from tell_explanation(
        explain_task(world.cluster, live, task, task_state(live, task.index), world.clock.now())
    )


def _show(world: AuditedWorld, command: Command) -> Iterator[str]:
    for job in world.cluster.jobs.values():
        view = job_view(job)
        done = f"{view.succeeded} succeeded, {view.failed} failed, {view.cancelled} cancelled"
        yield f"job {view.job} {view.name} {view.state}: {view.waiting} waiting, {view.running} held, {done}"
    for worker in world.cluster.workers.values():
        yield f"{worker.name} {worker.state}: {worker.cpu / 1000:g} cpus free, holds {len(worker.held)}"


def _restart(world: AuditedWorld, command: Command) -> Iterator[str]:
    world.restart()
    yield from _show(world, command)


def replay(text: str) -> str:
    """The scenario again, with what comes out now."""
    world = AuditedWorld()
    told = []
    for block in text.strip().split("\n\n"):
        asked = block.split(f"\n{RULE}", 1)[0]
        commands = [read(line) for line in asked.splitlines() if not line.startswith("#")]
        told.append("\n".join([asked, RULE, *perform(world, commands)]) if commands else asked)
    return "\n\n".join(told) + "\n"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_scenario(path: Path, settle: Callable[[Path, str], None]) -> None:
    settle(path, replay(path.read_text()))
