"""A call as bytes and its outcome back."""

import base64
import functools
import json
import math
import pickle
import sys
import types
from pathlib import Path

import cloudpickle
import pytest

from paceline.config import PAYLOAD_LIMIT
from paceline.model.errors import TaskFailed, UsageError
from paceline.model.ids import JobId, TaskId
from paceline.model.task import Ending, Outcome
from paceline.sdk.functions import body_of, code_of, failure, pack, run_chunk, search_paths, unpack
from tests.sdk import work
from tests.sdk.work import Box, OnlyThere, Unwilling, add, add_one, summed

TASK = TaskId(JobId(3), 17)


def from_main(source: str) -> types.ModuleType:
    """What a script would define."""
    module = types.ModuleType("__main__")
    code = compile(source, "script.py", "exec")
    types.FunctionType(code, vars(module))()
    return module


@pytest.mark.parametrize(
    ("function", "ref"),
    [
        (add, "tests.sdk.work:add"),
        (Box.make, "tests.sdk.work:Box.make"),
        (math.sqrt, "math:sqrt"),
        (len, "builtins:len"),
    ],
)
def test_what_has_a_name_travels_by_reference(function: types.FunctionType, ref: str) -> None:
    code = code_of(function)
    assert (code.ref, code.pickled) == (ref, b"")


def test_a_decorated_task_travels_by_reference() -> None:
    assert code_of(summed).ref == "tests.sdk.work:summed"


@pytest.mark.parametrize(
    "function",
    [lambda: 7, functools.partial(add, 3, 4), Box.make(4).grown, from_main("def seven(x=0): return 7").seven],
)
def test_what_has_none_travels_by_value(function: types.FunctionType) -> None:
    code = code_of(function)
    assert code.ref == ""
    args = (3,) if code.name == "Box.grown" else ()
    assert pickle.loads(code.pickled)(*args) == 7  # noqa: S301


def test_a_module_may_be_registered_to_travel_by_value() -> None:
    cloudpickle.register_pickle_by_value(work)
    try:
        assert code_of(add).ref == ""
    finally:
        cloudpickle.unregister_pickle_by_value(work)


HELPER = """
import math
from json import dumps
factor = 2
def seven(): return math.floor(7.5)
def text(): return dumps([len("abc")])
def scaled(): return 7 * factor
"""


@pytest.mark.parametrize("name", ["seven", "text"])
def test_a_function_that_captures_nothing_is_pickled_once(name: str) -> None:
    function = getattr(from_main(HELPER), name)
    assert code_of(function).pickled is code_of(function).pickled


def test_a_function_that_captures_something_is_pickled_anew() -> None:
    script = from_main(HELPER)
    assert pickle.loads(code_of(script.scaled).pickled)() == 14  # noqa: S301
    vars(script)["factor"] = 3
    assert pickle.loads(code_of(script.scaled).pickled)() == 21  # noqa: S301


def test_jobs_are_named_after_their_function() -> None:
    def inner() -> None: ...

    assert code_of(add).name == "add"
    assert code_of(inner).name == "test_jobs_are_named_after_their_function.inner"
    assert code_of(add_one).name == "add"


def test_the_body_is_what_the_kind_reads() -> None:
    by_ref = json.loads(body_of(code_of(add)))
    assert (by_ref["ref"], by_ref["code"]) == ("tests.sdk.work:add", "")
    assert by_ref["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    by_value = json.loads(body_of(code_of(lambda: 7)))
    assert pickle.loads(base64.b64decode(by_value["code"]))() == 7  # noqa: S301


def test_own_modules_are_searched_for_where_they_are_here(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    entries = [
        str(tmp_path),
        "",
        str(site),
        str(tmp_path / "gone"),
        str(Path(json.__file__).parent.parent),
        str(tmp_path),
    ]
    assert search_paths(entries) == [str(tmp_path), str(Path.cwd())]


def test_arguments_are_pickled() -> None:
    assert pickle.loads(pack("f", (1, "a"), {"b": [2]})) == ((1, "a"), {"b": [2]})  # noqa: S301


def test_arguments_that_only_this_script_defines_travel_by_value() -> None:
    point = from_main("class Point:\n    def __init__(self, x=1): self.x = x\n").Point()
    assert b"__main__" not in pickle.loads(pack("f", (3,), {}))  # noqa: S301
    packed = pack("f", (point, lambda: 2), {})
    (there, two), _ = pickle.loads(packed)  # noqa: S301
    assert (there.x, two()) == (1, 2)


def test_arguments_that_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="not me"):
        pack("f", (Unwilling(),), {})


def test_arguments_that_are_too_large() -> None:
    with pytest.raises(
        UsageError, match=r"train: its arguments take 1,\d{3},\d{3} bytes pickled; the limit is 1,048,576"
    ) as e:
        pack("train", (b"x" * PAYLOAD_LIMIT,), {})
    assert "pass a path" in e.value.hint


def test_a_function_that_is_too_large() -> None:
    data = b"x" * PAYLOAD_LIMIT
    with pytest.raises(UsageError, match=r"it, with all it refers to, takes 1,\d{3},\d{3} bytes"):
        code_of(lambda: data)


def test_what_is_no_function() -> None:
    with pytest.raises(UsageError, match="function: 3 cannot be called"):
        code_of(3)  # type: ignore[arg-type]


def test_a_result_is_unpacked() -> None:
    assert unpack(TASK, cloudpickle.dumps({"a": 1})) == {"a": 1}


def test_a_result_that_cannot_be_rebuilt_here() -> None:
    blob = pickle.dumps(OnlyThere("x")).replace(b"OnlyThere", b"Elsewhere")
    with pytest.raises(TaskFailed, match=r"task 3\.17 succeeded, but its result cannot be unpickled here") as caught:
        unpack(TASK, blob)
    assert caught.value.ending.result == blob


def test_an_exception_is_raised_as_itself() -> None:
    ending = Ending(outcome=Outcome.FAILED, result=cloudpickle.dumps((KeyError("k"), "Traceback …\nKeyError: 'k'\n")))
    error = failure(TASK, ending)
    assert isinstance(error, KeyError)
    assert "Traceback …" in str(error.__cause__)


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"garbage",
        pickle.dumps((OnlyThere("x"), "t")).replace(b"OnlyThere", b"Elsewhere"),
        pickle.dumps(("no exception", "t")),
        pickle.dumps((SystemExit(3), "t")),
        pickle.dumps(7),
    ],
)
def test_an_exception_that_cannot_be_rebuilt_is_told(result: bytes) -> None:
    error = failure(TASK, Ending(outcome=Outcome.FAILED, detail="OnlyThere: x", result=result))
    assert isinstance(error, TaskFailed)
    assert str(error) == "task 3.17 ended as FAILED: OnlyThere: x"


def test_a_failure_survives_pickling() -> None:
    error = failure(TASK, Ending(outcome=Outcome.OOM, detail="used 9 GiB"))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.task, again.ending, str(again)) == ("3.17", error.ending, str(error))  # type: ignore[attr-defined]


def test_a_chunk_runs_one_call_after_the_other() -> None:
    assert run_chunk(add, [(1, 2), (3,)]) == [3, 3]
