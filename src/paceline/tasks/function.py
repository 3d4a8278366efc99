"""The kind ``function``: a Python function of the user's, by name or by value.

The payload of a task is its pickled ``(args, kwargs)``, its result the pickled value. Neither is opened anywhere but in
the user's own processes (``executors/user_code.py`` on the worker).
"""

import base64
import binascii
import re
import sys

import msgspec

from paceline.kinds import Kind
from paceline.model.errors import UsageError
from paceline.model.resources import Need

_PYTHON = re.compile(r"\d+\.\d+")


class FunctionParams(msgspec.Struct, kw_only=True, frozen=True):
    """Which function. Exactly one of ``ref`` and ``code``."""

    ref: str = ""  # "module:qualname", importable on the worker
    code: str = ""  # cloudpickle of the function, in base64
    paths: list[str] = []  # directories of the submitter's modules; used on the worker if they are there
    python: str = ""  # minor version that pickled it: "3.11"


def check(params: FunctionParams) -> None:
    """Rules beyond the types. Raises UsageError."""
    if bool(params.ref) == bool(params.code):
        raise UsageError("function.ref: give either ref or code", hint='ref is "module:function"')
    module, _, name = params.ref.partition(":")
    if params.ref and not (module and name):
        raise UsageError(f"function.ref: {params.ref!r} is not of the form module:function")
    if params.python and not _PYTHON.fullmatch(params.python):
        raise UsageError(f"function.python: {params.python!r} is not a minor version", hint="for example 3.11")
    try:
        base64.b64decode(params.code, validate=True)
    except binascii.Error as error:
        raise UsageError(f"function.code: not base64: {error}") from None


def features(params: FunctionParams) -> tuple[str, ...]:
    """Pickled code is only good for the minor version that wrote it."""
    return (f"python{params.python}",) if params.python else ()


def available() -> tuple[str, ...]:
    """The version that functions meet here."""
    return (f"python{sys.version_info.major}.{sys.version_info.minor}",)


KIND = Kind(params=FunctionParams, need=Need(), check=check, features=features, available=available)
