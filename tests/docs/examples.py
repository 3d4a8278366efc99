"""Examples in documents, and how they are run.

A document is one story: its blocks are taken from top to bottom, in one fresh directory, against one live fleet.

- ```` ```console ````: every line after ``$ `` is a command (``> `` continues it); it must exit with 0, or with N where
  the command is followed by ``# exit N``. Lines below it, up to the next command, are its output; ``…`` stands for
  anything, a line of just ``…`` for any lines. A command without output shown may print what it likes.
- ```` ```python ````, ```` ```yaml ````, ```` ```sh ```` that begin with a comment naming a file (``# train.py``) are
  written to it; other ``python`` blocks are run, other ``yaml`` and ``sh`` blocks are only looked at.
- Any other language is not looked at.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"#\s*([\w./-]+\.\w+)\s*\n")
EXIT = re.compile(r"\s+# exit (\d+)$")
ANYTHING = "…"
PATIENCE = 60.0  # seconds a single example may take


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A block that is the content of a file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A Python block that is run."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, the code it must exit with, and what it prints. ``shown`` None: not said."""

    line: int
    text: str
    exits: int
    shown: str | None


Example = File | Script | Command


def examples(document: str) -> Iterator[Example]:
    """All examples of a document, in order."""
    for match in FENCE.finditer(document):
        language, text = match.groups()
        line = document.count("\n", 0, match.start()) + 2
        file = FILE.match(text)
        if language == "console":
            yield from _commands(text, line)
        elif language in ("python", "yaml", "sh") and file:
            yield File(name=file[1], text=text)
        elif language == "python":
            yield Script(line=line, text=text)


def _commands(block: str, first: int) -> Iterator[Command]:
    starts = [number for number, line in enumerate(block.splitlines()) if line.startswith("$ ")]
    lines = block.splitlines()
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _command(lines[start:stop], first + start)


def _command(lines: list[str], line: int) -> Command:
    said = [lines[0].removeprefix("$ ")]
    rest = lines[1:]
    while rest and rest[0].startswith("> "):
        said.append(rest.pop(0).removeprefix("> "))
    text = "\n".join(said)
    exits = EXIT.search(text)
    return Command(
        line=line,
        text=EXIT.sub("", text),
        exits=int(exits[1]) if exits else 0,
        shown="\n".join(rest).strip() or None,
    )


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what the document shows. Space at the ends of lines means nothing."""
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    pattern = "\n".join(re.escape(line).replace(ANYTHING, ".*") for line in lines)
    loose = re.sub(r"^\.\*$", r"(?s:.*)", pattern, flags=re.MULTILINE)
    text = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(loose, text) is not None


def run(example: Example, directory: Path, environment: Mapping[str, str]) -> str:
    """Do what the example says; return what is wrong with it, empty if nothing."""
    if isinstance(example, File):
        file = directory / example.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(example.text)
        return ""
    argv = [sys.executable, "-c", example.text] if isinstance(example, Script) else ["/bin/sh", "-c", example.text]
    done = subprocess.run(
        argv,
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return _complaint(example, done.returncode, done.stdout)


def _complaint(example: Script | Command, code: int, printed: str) -> str:
    wanted = example.exits if isinstance(example, Command) else 0
    shown = example.shown if isinstance(example, Command) else None
    where = f"line {example.line}: {example.text}"
    if code != wanted:
        return f"{where}\nexited with {code}, not {wanted}; it printed:\n{printed}"
    if shown is not None and not matches(shown, printed):
        return f"{where}\nprinted:\n{printed}\nnot what is shown:\n{shown}"
    return ""
