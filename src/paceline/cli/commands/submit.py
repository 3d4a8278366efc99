"""``paceline submit``: hand work in and leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from paceline.cli.commands.wait import wait_for
from paceline.cli.face import Face, speaks
from paceline.cli.forms import forms
from paceline.cli.selection import resolve
from paceline.cli.session import ask
from paceline.cli.words import explained
from paceline.cli.work_options import WorkOptions, order, refuse_with_file, work_options
from paceline.clock import SystemClock
from paceline.config import of_caller
from paceline.model.ids import JobId
from paceline.model.views import Explanation
from paceline.sdk.work import Order

if TYPE_CHECKING:
    from paceline.sdk.client import Client

JOB_FILES = (".yaml", ".yml")


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[--] COMMAND... | FILE.yaml", type=click.UNPROCESSED)
@click.option("--wait", is_flag=True, help="Wait for the end; exit as `paceline wait` does.")
@click.option("--plan", is_flag=True, help="Submit nothing; say what would happen.")
@work_options
@speaks
def submit(face: Face, words: tuple[str, ...], *, wait: bool, plan: bool, **options: Unpack[WorkOptions]) -> int:
    """Submit a command or a job file, and return at once."""
    if plan:
        return ask(face, lambda client: _plan(client, face, words, options))
    return ask(face, lambda client: _submit(client, face, words, options, stay=wait))


async def _submit(client: Client, face: Face, words: Sequence[str], options: WorkOptions, *, stay: bool) -> int:
    jobs = await hand_in(client, face, words, options, must_fit=False)
    if not stay:
        face.hint(f"paceline logs -f {jobs[0]} · paceline wait {jobs[0]} · paceline explain {jobs[0]}")
        return 0
    return await wait_for(client, face, await resolve(client, [str(job) for job in jobs]))


async def _plan(client: Client, face: Face, words: Sequence[str], options: WorkOptions) -> int:
    orders = await orders_of(client, words, options)
    plans = await client.plan([each.spec for each in orders], payloads=[each.payloads for each in orders])
    face.show(
        {"plans": [{"name": o.spec.name, **f} for o, f in zip(orders, forms(plans), strict=True)]},
        text=lambda: "\n".join(_planned(o, p) for o, p in zip(orders, plans, strict=True)),
    )
    return 1 if any(cause.code == "NEVER_FITS" for plan in plans for cause in plan.causes) else 0


async def hand_in(
    client: Client, face: Face, words: Sequence[str], options: WorkOptions, *, must_fit: bool
) -> Sequence[int]:
    """Submit what was described and tell the jobs' numbers."""
    orders = await orders_of(client, words, options)
    submission = await client.submit(
        [each.spec for each in orders],
        payloads=[each.payloads for each in orders],
        token=options["submit_id"],
        must_fit=must_fit,
    )
    told = {"type": "submitted", "jobs": list(submission.jobs), "again": submission.again}
    if must_fit and not face.json:
        face.remark(f"job {submission.jobs[0]}")
    else:
        names = [f"job {job}" for job in submission.jobs]
        face.show({**told, "warnings": list(submission.warnings)}, text=lambda: "\n".join(names), ids=submission.jobs)
    for warning in submission.warnings:
        face.remark(f"warning: {warning}")
    return submission.jobs


async def orders_of(client: Client, words: Sequence[str], options: WorkOptions) -> Sequence[Order]:
    """What the words and options describe: one job, or those of a job file."""
    after = [JobId(target.job.job) for target in await resolve(client, options["after"])]
    if len(words) == 1 and words[0].endswith(JOB_FILES):
        refuse_with_file(options)
        return _from_file(Path(words[0]), after)
    return [order(words, options, after)]


def _from_file(path: Path, after: Sequence[JobId]) -> Sequence[Order]:
    from paceline.sdk import jobfile  # noqa: PLC0415 - PyYAML, which commands without a file need not pay

    around = jobfile.Surroundings(
        directory=path.absolute().parent, cwd=Path.cwd(), now=SystemClock().now(), inherit=of_caller, owner=getuser()
    )
    orders = jobfile.load(path, around)
    return [replace(each, spec=replace(each.spec, after=tuple(after))) for each in orders]


def _planned(order: Order, plan: Explanation) -> str:
    count = sum(len(range(each.start, each.stop, each.step)) for each in order.spec.ranges)
    tasks = f"{count} tasks" if count > 1 else "1 task"
    return f"{order.spec.name}: {tasks}\n{explained(plan)}"
