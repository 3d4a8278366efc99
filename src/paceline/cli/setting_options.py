"""Settings as options of a command: what they are called, what ``--help`` says, and what was said of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import click

from paceline.config.setting import SWITCH, Setting
from paceline.model.errors import UsageError

F = TypeVar("F", bound=Callable[..., object])


def setting_options(*settings: Setting[object]) -> Callable[[F], F]:
    """One option for each, by all its flags, in this order."""

    def decorate(command: F) -> F:
        for setting in reversed(settings):
            command = _option(setting)(command)
        return command

    return decorate


def flags(settings: Sequence[Setting[object]], given: Mapping[str, object]) -> Mapping[str, object]:
    """By key, what was said on the command line, out of all that a command was given."""
    said = {each.key: given.get(_parameter(each), "") for each in settings}
    return {key: value for key, value in said.items() if value is not False}


def _option(setting: Setting[object]) -> Callable[[F], F]:
    names, text = (*setting.flags, _parameter(setting)), help_of(setting)
    if setting.kind is SWITCH:
        return click.option(*names, is_flag=True, help=text)
    if setting.kind.separator:
        return click.option(*names, metavar=setting.kind.metavar, multiple=True, default=(), help=text)
    if len(setting.flags) == 1:
        return click.option(*names, metavar=setting.kind.metavar, default="", help=text)
    return click.option(
        *names, metavar=setting.kind.metavar, multiple=True, default=(), help=text, callback=_one_voice(setting)
    )


def _one_voice(setting: Setting[object]) -> Callable[[click.Context, click.Parameter, Sequence[str]], str]:
    """Of flags that are names of one setting no one is above the others: they must say the same."""

    def one(ctx: click.Context, param: click.Parameter, said: Sequence[str]) -> str:
        words = list(dict.fromkeys(filter(None, said)))
        if len(words) > 1 and len({setting.parse(each, setting.flags[0]) for each in words}) > 1:
            what = f"{', '.join(setting.flags)}: said twice: {words[0]!r} and {words[1]!r}"
            raise UsageError(what, hint="these are names of one setting: say it once")
        return words[0] if words else ""

    return one


def help_of(setting: Setting[object]) -> str:
    """What it is, and what it is without being said."""
    without = setting.default or setting.otherwise
    return (
        setting.help if without in ("", "none", "false") else f"{setting.help.removesuffix('.')}; default: {without}."
    )


def _parameter(setting: Setting[object]) -> str:
    """What click calls it: ``server.http_port`` → ``server_http_port``."""
    return setting.key.replace(".", "_")
