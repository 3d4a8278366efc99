"""What a kind, its parameters and a task's payload mean: a call that ends in an outcome, whatever the code does.

Runs in user processes only; the one place on a worker where something is unpickled.

An exception fails the task, and ``SystemExit`` and ``KeyboardInterrupt`` are exceptions here: a function says that it
succeeded by returning, not by ending the process, not even with code 0. Only code 75 means what it means for a program:
it asks for another attempt.
"""

import base64
import functools
import importlib
import json
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import cloudpickle

from paceline import kinds
from paceline.config import PAYLOAD_LIMIT
from paceline.executors.end import sentence
from paceline.model.errors import PacelineError, UsageError
from paceline.model.task import Outcome

PROTOCOL = 5
DETAIL_LIMIT = 2000
"""Characters of an exception's text that travel as the attempt's detail."""
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class Said(NamedTuple):
    """How one task ended."""

    outcome: str
    detail: str = ""
    result: bytes = b""


AGAIN = Said(Outcome.REQUEUED, "asked for another attempt")

Work: TypeAlias = Callable[[bytes], Said]
"""From a task's payload to its end."""


class Bound(NamedTuple):
    """Parameters, ready to be called. ``paths``: where the code's modules lie."""

    work: Work
    paths: tuple[str, ...] = ()


class Unusable(Exception):
    """No task with these parameters can begin. ``said``: how each of them ends."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.detail)
        self.said = said


def bind(kind: str, body: bytes) -> Bound:
    """What is to be done for every task with these parameters. Raises Unusable."""
    try:
        params = kinds.parse(kind, body)
        return _function(params) if kind == "function" else _kind(kind, body)
    except UsageError as error:
        raise Unusable(Said(Outcome.REJECTED, _clipped(sentence(error)))) from error
    except BaseException as error:
        _print(error)
        raise Unusable(Said(Outcome.LAUNCH, _clipped(f"cannot load what to run: {_text(error)}"))) from error


# ── kinds: parameters in, JSON out ──────────────────────────────────────────────────────────────────────────────────


def _kind(name: str, body: bytes) -> Bound:
    run = kinds.load(kinds.find(name).run)
    return Bound(functools.partial(_run_kind, name, run, body))


def _run_kind(name: str, run: Callable[[Any], object], body: bytes, payload: bytes) -> Said:
    """A payload is a JSON object; its fields replace those of the body, so that an array can be a sweep."""
    try:
        params = kinds.parse(name, body, payload)
    except UsageError as error:
        return Said(Outcome.REJECTED, _clipped(_text(error)))
    try:
        return _sized(json.dumps(run(params)).encode())
    except UsageError as error:  # about the user's files: where in our code it was noticed is no news
        return Said(Outcome.FAILED, _clipped(_text(error)))
    except BaseException as error:  # noqa: BLE001 - the end of the task
        if _asks_for_another(error):
            return AGAIN
        _print(error)
        return Said(Outcome.FAILED, _clipped(_text(error)))


# ── functions: pickles in, pickles out ──────────────────────────────────────────────────────────────────────────────


def _function(params: Any) -> Bound:
    if params.code and params.python not in ("", _PYTHON):
        raise ImportError(f"the function was pickled by Python {params.python}, and this is {_PYTHON}")
    paths = tuple(params.paths)
    use(paths)
    function = pickle.loads(base64.b64decode(params.code)) if params.code else _find(params.ref)  # noqa: S301 - its home
    return Bound(functools.partial(_run_function, function), paths)


def _find(ref: str) -> Any:
    module, _, name = ref.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{ref} is {type(found).__name__}, which cannot be called")
    return found


def _run_function(function: Callable[..., object], payload: bytes) -> Said:
    try:
        args, kwargs = pickle.loads(payload) if payload else ((), {})  # noqa: S301 - its home
        value = function(*args, **kwargs)
        return _sized(pickle.dumps(value, PROTOCOL) if type(value) in _PLAIN else cloudpickle.dumps(value, PROTOCOL))
    except BaseException as error:  # noqa: BLE001 - the end of the task
        if _asks_for_another(error):
            return AGAIN
        trace = _print(error)
        return Said(Outcome.FAILED, _clipped(_text(error)), _pickled(error, trace))


def _asks_for_another(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code == os.EX_TEMPFAIL


def _pickled(error: BaseException, trace: str) -> bytes:
    """The exception and its traceback; a stand-in where the exception cannot make the journey there *and back*."""
    try:
        data: bytes = cloudpickle.dumps((error, trace), PROTOCOL)
        pickle.loads(data)  # noqa: S301 - its home
        if len(data) <= PAYLOAD_LIMIT:
            return data
    except Exception:  # noqa: BLE001, S110 - whatever its own pickling raises, the stand-in says more
        pass
    stand_in = RuntimeError(_clipped(_text(error)))
    short: bytes = cloudpickle.dumps((stand_in, trace[-DETAIL_LIMIT:]), PROTOCOL)
    return short


# ── modules ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_added: list[str] = []
"""Directories that ``use`` put in front of the interpreter's own."""


def use(paths: tuple[str, ...]) -> None:
    """Import from these directories. What was imported from other ones before is forgotten: its names may clash.

    What the interpreter finds by itself stays, even where a user's directory lies around it (a project with its virtual
    environment and Paceline inside): modules that this very process runs on must not come twice.
    """
    own = [path for path in sys.path if path not in _added]
    wanted = [path for path in paths if path not in own and Path(path).is_dir()]
    if wanted == _added:
        return
    _forget(_below(path for path in _added if path not in wanted), _below(own))
    sys.path[:] = wanted + own
    _added[:] = wanted
    importlib.invalidate_caches()


def _below(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{path}{os.sep}" for path in paths if path)


def _forget(stale: tuple[str, ...], own: tuple[str, ...]) -> None:
    """Modules from below the one kind of directory, and not from below the other.

    All are found before the first goes: a package without a file asks its parent where it lies.
    """
    gone = [name for name, module in list(sys.modules.items()) if _lies(module, stale) and not _lies(module, own)]
    for name in gone:
        del sys.modules[name]


def _lies(module: object, below: tuple[str, ...]) -> bool:
    file = getattr(module, "__file__", None)
    places: Iterable[object] = [file] if file else getattr(module, "__path__", None) or ()
    return any(str(place).startswith(below) for place in places)


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sized(result: bytes) -> Said:
    if len(result) > PAYLOAD_LIMIT:
        advice = "write it to a file or an object store, and return where it is"
        return Said(Outcome.REJECTED, f"the result has {len(result):,} bytes; the limit is {PAYLOAD_LIMIT:,}; {advice}")
    return Said(Outcome.SUCCEEDED, "", result)


def _text(error: BaseException) -> str:
    """ "ValueError: bad value"."""
    if isinstance(error, PacelineError):
        return sentence(error)
    name = type(error).__qualname__
    try:
        said = str(error)
    except Exception as again:  # noqa: BLE001 - its own __str__ fails; that much can be said
        said = f"(its text cannot be had: {type(again).__name__})"
    return f"{name}: {said}" if said else name


def _clipped(text: str) -> str:
    return text if len(text) <= DETAIL_LIMIT else f"{text[:DETAIL_LIMIT]}…"


def _print(error: BaseException) -> str:
    """Onto the task's stderr, without our own frames. Returns the text."""
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    text = "".join(traceback.format_exception(type(error), error, frames))
    try:
        sys.stderr.write(text)
    except (AttributeError, OSError, ValueError):  # the function took it away
        return text
    return text
