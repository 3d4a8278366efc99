"""Entry of ``paceline``: the table of commands, and how every error leaves the program.

On stderr ``error: message`` and ``hint: what to do``; with ``--json`` one object on stdout instead. Exit codes: the
program's own for ``run``, ``submit --wait`` and ``wait`` on one task; 1 for a refusal; 2 for wrong words; 69 when
nobody answers; 75 try again; 77 not allowed; 124 out of ``--timeout``; 130 interrupted.

Imports nothing but click: what a command needs is loaded when it runs.
"""

import gc
import json
import sys
from collections.abc import Mapping, Sequence

import click

from paceline.cli.lazy import LazyGroup, Misspelt
from paceline.model.errors import PacelineError
from paceline.model.text import visible

SCHEMA = "paceline/v1"
"""Version of everything that ``--json`` prints."""


class Commands(LazyGroup):
    """All there are."""

    package = "paceline.cli.commands"
    table = {
        "up": "Start a server and local workers, and keep them running.",
        "run": "Run a command on the fleet; show its output, exit with its code.",
        "submit": "Submit a command or a job file, and return at once.",
        "sweep": "Search for the best parameters of a job file's work.",
        "ps": "Show jobs that are not over, and the latest that are.",
        "logs": "Print what tasks have written.",
        "watch": "Watch what jobs and tasks report, until they are over.",
        "wait": "Wait until jobs are over.",
        "cancel": "Cancel jobs or tasks, whole process trees.",
        "explain": "Say why a task does not run, and what would let it.",
        "doctor": "Look at all that is usually wrong; say what to do about it.",
        "job": "List, show, cancel, wait for, close jobs; print their results.",
        "task": "List and show tasks, their logs and attempts.",
        "worker": "Start a worker here; list, show, drain workers.",
        "mlflow": "Keep metrics and close runs of jobs in MLflow.",
        "model": "List, show, get, compare, tag, remove models; predict with one.",
        "events": "Print the event log.",
        "dashboard": "Print the dashboard's address, with a code that logs in.",
        "token": "Create tokens, such as one with which a worker joins.",
        "server": "Start a server.",
        "sim": "Plan capacity: play work on a simulated fleet.",
        "replay": "Play a server's recording again; check every decision.",
        "config": "Show settings, and say where each value comes from.",
        "completion": "Print the completion script of a shell.",
        "version": "Print the version, here and of the server.",
    }


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.pass_context
def cli(ctx: click.Context) -> None:
    """One queue over every machine you have.

    Start with `paceline up`, then `paceline run -- COMMAND`. Jobs are named by number, by name, `last`, `all`, ranges
    as `1-10`, and their tasks as `3.17` or `3.1-5`.
    """


def main() -> int:
    """The process: what was typed. Most commands are over before there is any garbage worth looking for."""
    gc.set_threshold(100_000)
    try:
        return run(sys.argv[1:])
    finally:
        gc.freeze()  # the process ends: nothing is gained by looking through it all once more


def run(args: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    words = list(args)
    try:
        code = cli.main(words, prog_name="paceline", standalone_mode=False)
    except PacelineError as error:
        return _refuse(words, error.code, error.message, error.hint, error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _refuse(words, "USAGE", _sentence(error), _hint(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return 130
    return code if isinstance(code, int) else 0


def _refuse(words: Sequence[str], code: str, message: str, hint: str, exit_code: int) -> int:
    if "--json" in _own(words):
        click.echo(document({"error": {"code": code, "message": message, "hint": hint}}))
        return exit_code
    click.echo(f"{click.style('error:', fg='red', bold=True)} {_visible(message)}", err=True)
    if hint:
        click.echo(f"{click.style('hint:', fg='cyan')} {_visible(hint)}", err=True)
    return exit_code


def _visible(text: str) -> str:
    """Our own may have several lines; what it tells of others' may not speak to the terminal."""
    return "\n".join(map(visible, text.split("\n")))


def document(values: Mapping[str, object]) -> str:
    """One line of JSON, as everything that ``--json`` prints."""
    return json.dumps({"schema": SCHEMA, **values}, ensure_ascii=False, separators=(",", ":"))


def _own(words: Sequence[str]) -> Sequence[str]:
    """What is ours: after ``--`` come the words of the user's program."""
    return words[: words.index("--")] if "--" in words else words


def _sentence(error: click.ClickException) -> str:
    """Click's ``No such option: --nmae Did you mean --name?`` without the question, which goes into the hint."""
    message = error.message if isinstance(error, click.NoSuchOption) else error.format_message()
    return (message[:1].lower() + message[1:]).rstrip(".")


def _hint(error: click.ClickException) -> str:
    if isinstance(error, Misspelt):
        return error.hint
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        return f"did you mean {' or '.join(error.possibilities)}?"
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "paceline"
    return f"see {command} --help"
