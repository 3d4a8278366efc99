"""Pairs: ``KEY=VALUE``, for labels and parameters."""

from paceline.model.errors import UsageError


def parse_pair(text: str, field: str) -> tuple[str, str]:
    """Key and value; the value may hold further ``=``."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(
            f"{field}: {text!r} is not of the form KEY=VALUE", hint=f"such as {key.strip() or 'key'}=value"
        )
    return key.strip(), value


def parse_setting(text: str, field: str) -> tuple[str, str | None]:
    """``NAME=value``, or a name alone: take the submitter's."""
    name, equals, value = text.partition("=")
    if not name.isidentifier():
        raise UsageError(f"{field}: {text!r} does not begin with the name of a variable", hint="such as NAME=value")
    return name, value if equals else None
