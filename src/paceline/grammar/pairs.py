"""Pairs: ``KEY=VALUE``, for labels, parameters and environment."""

from collections.abc import Callable

from paceline.model.errors import UsageError


def parse_pair(text: str, field: str) -> tuple[str, str]:
    """Key and value; the value may hold further ``=``."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(
            f"{field}: {text!r} is not of the form KEY=VALUE", hint=f"such as {key.strip() or 'key'}=value"
        )
    return key.strip(), value


def settle(setting: str, inherit: Callable[[str], str | None], field: str) -> tuple[str, str]:
    """``NAME=value``, or a name alone: take the submitter's."""
    name, equals, value = setting.partition("=")
    if not name.isidentifier():
        raise UsageError(f"{field}: {setting!r} does not begin with the name of a variable", hint="such as NAME=value")
    found = value if equals else inherit(name)
    if found is None:
        raise UsageError(f"{field}: {name} is not set where you submit", hint=f"write {name}=value")
    return name, found
