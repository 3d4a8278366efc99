"""``paceline submit``: hand work in and leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from paceline.cli.commands.wait import wait_for
from paceline.cli.face import Face, asks
from paceline.cli.forms import forms
from paceline.cli.selection import resolve, whole_jobs
from paceline.cli.session import ask
from paceline.cli.tracking import catching_up, tracked, tracker, tracking
from paceline.cli.words import explained
from paceline.cli.work_options import WorkOptions, order, refuse_with_file, work_options
from paceline.clock import SystemClock
from paceline.config import of_caller
from paceline.config.setting import CLIENT
from paceline.config.settings.client import EXPERIMENT
from paceline.config.sources import settings
from paceline.model.ids import JobId
from paceline.model.views import Explanation
from paceline.orders.work import Order

if TYPE_CHECKING:
    from paceline.sdk.client import Client

JOB_FILES = (".yaml", ".yml")


class Submission(click.Command):
    """Words after a program are the program's own, but options after a job file are ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = self.make_parser(ctx).parse_args(args=list(args))[0].get("words")
        if isinstance(words, tuple) and len(words) > 1 and words[0].endswith(JOB_FILES) and "--" not in args:
            at = len(args) - len(words)
            args = [*args[:at], *args[at + 1 :], words[0]]
        return super().parse_args(ctx, args)


@click.command(cls=Submission, context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[--] COMMAND... | FILE.yaml", type=click.UNPROCESSED)
@click.option("--wait", is_flag=True, help="Wait for the end; exit as `paceline wait` does.")
@click.option("--plan", is_flag=True, help="Submit nothing; say what would happen.")
@work_options
@asks
def submit(face: Face, words: tuple[str, ...], *, wait: bool, plan: bool, **options: Unpack[WorkOptions]) -> int:
    """Submit a command or a job file, and return at once."""
    orders = orders_of(words, options)
    if plan:
        return ask(face, lambda client: _plan(client, face, orders))
    request = Request(orders=orders, after=options["after"], token=options["submit_id"])
    return ask(face, lambda client: _submit(client, face, request, stay=wait))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One submission. ``after``: selectors of jobs that must succeed first."""

    orders: Sequence[Order]
    after: Sequence[str]
    token: str
    must_fit: bool = False


async def _submit(client: Client, face: Face, request: Request, *, stay: bool) -> int:
    jobs = await hand_in(client, face, request)
    if not stay:
        face.hint(f"paceline logs -f {jobs[0]} · paceline wait {jobs[0]} · paceline explain {jobs[0]}")
        if tracker(each.spec for each in request.orders):
            face.remark(f"its MLflow runs are closed by: {catching_up(jobs)}")
        return 0
    async with tracking(client, face, jobs, tracker(each.spec for each in request.orders)):
        return await wait_for(client, face, await resolve(client, [str(job) for job in jobs]))


async def _plan(client: Client, face: Face, orders: Sequence[Order]) -> int:
    plans = await client.plan([each.spec for each in orders], payloads=[each.payloads for each in orders])
    face.show(
        lambda: {"plans": [{"name": o.spec.name, **f} for o, f in zip(orders, forms(plans), strict=True)]},
        text=lambda: "\n".join(_planned(o, p) for o, p in zip(orders, plans, strict=True)),
    )
    return 1 if any(cause.code == "NEVER_FITS" for plan in plans for cause in plan.causes) else 0


async def hand_in(client: Client, face: Face, request: Request) -> Sequence[int]:
    """Submit what was described and tell the jobs' numbers."""
    after = tuple(JobId(job.job) for job in await whole_jobs(client, request.after))
    submission = await client.submit(
        [replace(each.spec, after=after) for each in request.orders],
        payloads=[each.payloads for each in request.orders],
        token=request.token,
        must_fit=request.must_fit,
    )
    names = [_called(*pair) for pair in zip(submission.jobs, request.orders, strict=True)]
    names = names if len(names) > 1 else [f"job {submission.jobs[0]}"]
    if request.must_fit and not face.json:
        face.remark("\n".join(names))
    else:
        told = {"type": "submitted", "jobs": list(submission.jobs), "again": submission.again}
        face.show(
            lambda: {**told, "warnings": list(submission.warnings)}, text=lambda: "\n".join(names), ids=submission.jobs
        )
    for warning in submission.warnings:
        face.remark(f"warning: {warning}")
    return submission.jobs


def orders_of(words: Sequence[str], options: WorkOptions) -> Sequence[Order]:
    """What the words and options describe: one job, or those of a job file."""
    if len(words) == 1 and words[0].endswith(JOB_FILES):
        refuse_with_file(options)
        described = _from_file(Path(words[0]))
    else:
        described = [order(words, options)]
    usual = settings(CLIENT).of(EXPERIMENT)
    specs = [replace(each.spec, experiment=each.spec.experiment or usual) for each in described]
    return [replace(each, spec=tracked(spec, options["mlflow"])) for each, spec in zip(described, specs, strict=True)]


def _from_file(path: Path) -> Sequence[Order]:
    from paceline.orders import jobfile  # noqa: PLC0415 - PyYAML, which commands without a file need not pay

    around = jobfile.Surroundings(
        directory=path.absolute().parent, cwd=Path.cwd(), now=SystemClock().now(), inherit=of_caller, owner=getuser()
    )
    return jobfile.load(path, around)


def _called(job: int, order: Order) -> str:
    return f"job {job} {order.spec.name}"


def _planned(order: Order, plan: Explanation) -> str:
    count = sum(len(range(each.start, each.stop, each.step)) for each in order.spec.ranges)
    tasks = f"{count} tasks" if count > 1 else "1 task"
    return f"{order.spec.name}: {tasks}\n{explained(plan)}"
