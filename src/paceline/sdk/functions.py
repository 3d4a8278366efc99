"""A Python call as bytes, and its outcome back as a value or an exception.

A function that the worker can import under the same name travels *by reference*; any other (of ``__main__``, nested,
a lambda, a bound method) travels *by value*, by cloudpickle. Arguments are pickled; results are unpickled here and
nowhere else but in the user's own processes.

Light on purpose: the processes that run functions import this module too.
"""

import base64
import functools
import json
import pickle
import sys
import sysconfig
import types
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cloudpickle

from paceline.config import PAYLOAD_LIMIT
from paceline.model.errors import TaskFailed, UsageError
from paceline.model.ids import TaskId
from paceline.model.task import Ending, Outcome

PROTOCOL = 5
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
FEATURE = f"python{PYTHON}"
"""What a worker must offer: pickled code is only good for the same minor version."""


@dataclass(frozen=True, slots=True)
class Code:
    """How a worker gets at a function. Either ``ref`` ("module:qualname") or ``pickled`` is set."""

    name: str
    ref: str = ""
    pickled: bytes = b""


class RemoteTraceback(Exception):
    """The traceback of an exception, as it looked where it was raised. ``__cause__`` of what ``result()`` raises."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'


def code_of(function: Callable[..., object]) -> Code:
    """By reference if that works elsewhere, else by value. Raises UsageError if it is no function, or too large."""
    if not callable(function):
        raise UsageError(f"function: {function!r} cannot be called")
    name = _name(function)
    ref = _reference(function)
    if ref:
        return Code(name=name, ref=ref)
    pickled = _PICKLED.get(function) if _is_fixed(function) else _by_value(function)
    if pickled is None:
        pickled = _PICKLED[function] = _by_value(function)
    if len(pickled) > PAYLOAD_LIMIT:
        raise _too_large(
            f"{name}: it, with all it refers to, takes",
            len(pickled),
            "pass large data as a path and read it in the function",
        )
    return Code(name=name, pickled=pickled)


def body_of(code: Code) -> bytes:
    """The parameters of kind "function"."""
    params = {
        "ref": code.ref,
        "code": base64.b64encode(code.pickled).decode(),
        "paths": search_paths(sys.path),
        "python": PYTHON,
    }
    return json.dumps(params).encode()


def pack(name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> bytes:
    """The arguments as a payload. Raises UsageError if they are too large, or what pickling raises."""
    try:
        payload = pickle.dumps((args, kwargs), protocol=PROTOCOL)
        whole = b"__main__" not in payload and not cloudpickle.list_registry_pickle_by_value()
    except (pickle.PicklingError, AttributeError, TypeError):
        whole = False
    if not whole:  # something in it has no name that a worker could import
        payload = cloudpickle.dumps((args, kwargs), protocol=PROTOCOL)
    if len(payload) > PAYLOAD_LIMIT:
        raise _too_large(
            f"{name}: its arguments take", len(payload), "pass a path, or load the data inside the function"
        )
    return payload


def unpack(task: TaskId, result: bytes) -> object:
    """The value of a task that succeeded. Raises TaskFailed if it cannot be rebuilt here."""
    try:
        return pickle.loads(result)  # noqa: S301 - the user's own process, the user's own task
    except Exception as error:
        ending = Ending(outcome=Outcome.SUCCEEDED, result=result)
        text = f"task {task} succeeded, but its result cannot be unpickled here: {type(error).__name__}: {error}"
        raise TaskFailed(text, hint="import what defines it before asking", task=str(task), ending=ending) from error


def failure(task: TaskId, ending: Ending) -> Exception:
    """What ``result()`` raises for an ending other than SUCCEEDED: the task's own exception if there is one."""
    if ending.outcome is Outcome.FAILED and ending.result:
        try:
            error, text = pickle.loads(ending.result)  # noqa: S301 - as above
        except Exception:  # noqa: BLE001 - a class that is not here: what is known is in the ending
            error = None
        if isinstance(error, Exception):
            error.__cause__ = RemoteTraceback(text)
            return error
    return _task_failed(task, ending)


def _task_failed(task: TaskId, ending: Ending) -> TaskFailed:
    """The ending as an error."""
    said = f": {ending.detail}" if ending.detail else ""
    return TaskFailed(f"task {task} ended as {ending.outcome}{said}", task=str(task), ending=ending)


def run_chunk(function: Callable[..., object], calls: Iterable[Sequence[object]]) -> list[object]:
    """Several calls as one task (``chunksize`` of ``map``)."""
    return [function(*args) for args in calls]


def search_paths(entries: Iterable[str]) -> list[str]:
    """Where the submitter's own modules lie: absolute directories, without the installed packages."""
    library = Path(sysconfig.get_path("stdlib"))
    found: dict[str, None] = {}
    for entry in entries:
        path = Path(entry).absolute()
        if (
            path.is_dir()
            and not path.is_relative_to(library)
            and not {"site-packages", "dist-packages"} & {*path.parts}
        ):
            found[str(path)] = None
    return list(found)


def _name(function: Callable[..., object]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__qualname__", type(function).__qualname__)).replace("<locals>.", "")


def _reference(function: Callable[..., object]) -> str:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module in ("__main__", "__mp_main__"):
        return ""
    if _wanted_by_value(module):
        return ""
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is function else ""


def _by_value(function: Callable[..., object]) -> bytes:
    pickled: bytes = cloudpickle.dumps(function, protocol=PROTOCOL)
    return pickled


_PICKLED: weakref.WeakKeyDictionary[Callable[..., object], bytes] = weakref.WeakKeyDictionary()
"""Functions that look the same at every call, so that a script's own function is not pickled ten thousand times."""


def _is_fixed(function: Callable[..., object]) -> bool:
    """Whether nothing that its pickled form depends on can change: it captures only what travels by reference."""
    if not isinstance(function, types.FunctionType) or vars(function):
        return False
    if function.__closure__ or function.__defaults__ or function.__kwdefaults__:
        return False
    used = _names(function.__code__) & function.__globals__.keys()
    return all(_is_elsewhere(function.__globals__[name]) for name in used)


def _is_elsewhere(value: object) -> bool:
    return isinstance(value, types.ModuleType) or (callable(value) and bool(_reference(value)))


@functools.lru_cache(maxsize=1024)
def _names(code: types.CodeType) -> frozenset[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return frozenset(code.co_names).union(*inner)


def _wanted_by_value(module: str) -> bool:
    registered = cloudpickle.list_registry_pickle_by_value()
    return any(module == each or module.startswith(f"{each}.") for each in registered)


def _too_large(what: str, size: int, advice: str) -> UsageError:
    return UsageError(f"{what} {size:,} bytes pickled; the limit is {PAYLOAD_LIMIT:,}", hint=advice)
