"""The kind ``command``: a program with arguments. The worker starts it; there is no function to call."""

import msgspec

from paceline.kinds import Kind
from paceline.model.errors import UsageError


class CommandParams(msgspec.Struct, kw_only=True, frozen=True):
    """What to start: a program and its arguments, or one line for ``/bin/sh -c``."""

    argv: list[str]
    shell: bool = False


def check(params: CommandParams) -> None:
    """Rules beyond the types. Raises UsageError."""
    if not params.argv or not params.argv[0]:
        raise UsageError("command.argv: there is no program", hint='for example ["python", "train.py"]')
    if params.shell and len(params.argv) != 1:
        hint = "put the whole line into one string, or leave shell out"
        raise UsageError(f"command.argv: the shell takes one line, got {len(params.argv)} strings", hint=hint)
    for position, argument in enumerate(params.argv):
        if "\0" in argument:
            raise UsageError(f"command.argv[{position}]: {argument!r} contains a NUL character")


KIND = Kind(params=CommandParams, check=check)
