"""A click group that imports a command's module only when the command runs, so that ``--help`` stays fast."""

import importlib
from collections.abc import Mapping

import click


class LazyGroup(click.Group):
    """Command ``x`` is ``x`` in module ``x`` of the package; ``table`` holds the line that the group's help shows."""

    package = ""
    table: Mapping[str, str] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        command = getattr(importlib.import_module(f"{self.package}.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self.table or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise unknown_command(name, list(self.table), ctx)


class NounGroup(click.Group):
    """A group of verbs that suggests the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.commands or args[0].startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise unknown_command(args[0], list(self.commands), ctx)


def unknown_command(name: str, known: list[str], ctx: click.Context) -> click.UsageError:
    """What to raise for a command that is none."""
    import difflib  # noqa: PLC0415 - for those who mistype

    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"commands: {', '.join(known)}"
    return Misspelt(f"there is no command {name!r}", hint, ctx)


class Misspelt(click.UsageError):
    """A usage error that knows the nearest thing that would work."""

    def __init__(self, message: str, hint: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.hint = hint
