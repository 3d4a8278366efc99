"""``paceline run``: submit, watch, exit as the program did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from paceline.cli import exits
from paceline.cli.commands.submit import Request, Submission, hand_in, orders_of
from paceline.cli.commands.wait import wait_for
from paceline.cli.face import Face, asks
from paceline.cli.interrupts import attended
from paceline.cli.live.board import Board
from paceline.cli.progress import watched
from paceline.cli.selection import Target, resolve
from paceline.cli.session import ask
from paceline.cli.tracking import tracker, tracking
from paceline.cli.watching import follow, follow_task, show_failures
from paceline.cli.words import counts
from paceline.cli.work_options import WorkOptions, work_options
from paceline.model.ids import JobId, TaskId
from paceline.model.text import visible
from paceline.model.views import JobView

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.command(cls=Submission, context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[--] COMMAND... | FILE.yaml", type=click.UNPROCESSED)
@work_options
@asks
def run(face: Face, words: tuple[str, ...], **options: Unpack[WorkOptions]) -> int:
    """Run a command on the fleet; show its output, exit with its code.

    What no worker there is could ever run is refused. Ctrl-C lets go of the job, which runs on; a second Ctrl-C
    cancels it. Of a job file with several jobs, progress is shown.
    """
    orders = orders_of(words, options)
    request = Request(orders=orders, after=options["after"], token=options["submit_id"], must_fit=True)

    async def attached(client: Client) -> int:
        jobs = await hand_in(client, face, request)
        async with tracking(client, face, jobs, tracker(each.spec for each in orders)):
            if len(jobs) == 1:
                return await attend(client, face, jobs[0])
            return await wait_for(client, face, await resolve(client, [str(job) for job in jobs]), display=watched)

    return ask(face, attached)


async def attend(client: Client, face: Face, job: int) -> int:
    """Stay with a job until it is over, or Ctrl-C."""

    def let_go() -> None:
        face.remark(f"\nlet go of job {job}, which runs on; Ctrl-C again cancels it")
        face.remark(f"watch it again: paceline logs -f {job}")

    async def cancel() -> int:
        count = await client.cancel(job, reason="Ctrl-C")
        face.remark(f"cancelling {count} task{'s' if count != 1 else ''} of job {job} …")
        async for _ in client.watch([job]):
            pass
        face.remark(f"job {job} is cancelled")
        return exits.INTERRUPTED

    return await attended(_to_the_end(client, face, job), let_go=let_go, cancel=cancel)


async def _to_the_end(client: Client, face: Face, job: int) -> int:
    (view,) = await client.jobs(ids=[job])
    return await _array(client, face, view) if view.total > 1 else await _single(client, face, view)


async def _single(client: Client, face: Face, job: JobView) -> int:
    index = await _index(client, job)
    with watched(face) as shown:
        task = await follow_task(client, face, TaskId(JobId(job.job), index), Board([job]), shown)
    if task.state != "SUCCEEDED":
        face.remark(f"job {job.job} {task.state.lower()}: {visible(task.detail) or task.outcome.lower()}")
    return exits.of_task(task)


async def _index(client: Client, job: JobView) -> int:
    (task,) = await client.tasks(job.job, limit=1)
    return task.index


async def _array(client: Client, face: Face, job: JobView) -> int:
    with watched(face) as shown:
        (view,) = await follow(client, [Target(job=job)], shown)
    face.remark(f"job {job.job}: {counts(view)}")
    if view.failed and not face.json:
        await show_failures(client, face, view)
    return exits.of_jobs([view])
