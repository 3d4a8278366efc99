"""What parameters and payloads mean, in this very process."""

import base64
import importlib
import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import pytest

from paceline import kinds
from paceline.executors.user_code import DETAIL_LIMIT, Unusable, bind, use


@pytest.fixture(autouse=True)
def path() -> Iterator[None]:
    before = list(sys.path)
    yield
    use(())
    sys.path[:] = before


def body(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def by_value(function: object, **fields: object) -> bytes:
    return body(code=base64.b64encode(cloudpickle.dumps(function)).decode(), **fields)


def test_by_value_it_brings_all_it_needs_along() -> None:
    offset = 5
    work = bind("function", by_value(lambda x, y=1: x + y + offset)).work
    said = work(pickle.dumps(((1,), {"y": 2})))
    assert (said.outcome, pickle.loads(said.result)) == ("SUCCEEDED", 8)  # noqa: S301 - our own


def test_without_payload_there_are_no_arguments() -> None:
    assert pickle.loads(bind("function", by_value(lambda: "done")).work(b"").result) == "done"  # noqa: S301


def test_another_python_is_refused() -> None:
    with pytest.raises(
        Unusable, match=r"cannot load what to run: ImportError: the function was pickled by Python 2\.7"
    ):
        bind("function", by_value(print, python="2.7"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "function.ref: give either ref or code"),
        ({"ref": "a:b", "code": "YQ=="}, "function.ref: give either ref or code"),
        ({"ref": "nothing"}, "function.ref: 'nothing' is not of the form module:function"),
        ({"ref": "a:b", "python": "three"}, "function.python: 'three' is not a minor version"),
        ({"code": "no base64!"}, "function.code: not base64"),
    ],
)
def test_parameters_that_make_no_sense_are_rejected(fields: dict[str, object], message: str) -> None:
    with pytest.raises(Unusable) as raised:
        bind("function", body(**fields))
    assert raised.value.said.outcome == "REJECTED"
    assert raised.value.said.detail.startswith(message)


def test_a_module_that_fails_to_import_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken_on_import.py").write_text("1 / 0\n")
    with pytest.raises(Unusable) as raised:
        bind("function", body(ref="broken_on_import:f", paths=[str(tmp_path)]))
    assert raised.value.said.outcome == "LAUNCH"
    assert raised.value.said.detail == "cannot load what to run: ZeroDivisionError: division by zero"


def test_modules_of_the_same_name_do_not_meet(tmp_path: Path) -> None:
    values = []
    for name in ("one", "two", "one"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "same_name.py").write_text(f"def f(): return {name!r}\n")
        work = bind("function", body(ref="same_name:f", paths=[str(tmp_path / name), "/no/such/directory"])).work
        values.append(pickle.loads(work(b"").result))  # noqa: S301
    assert values == ["one", "two", "one"]


def test_a_long_text_is_clipped() -> None:
    def fail() -> None:
        raise ValueError("x" * 10_000)

    said = bind("function", by_value(fail)).work(b"")
    assert len(said.detail) == DETAIL_LIMIT + 1


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_without_text_is_still_named() -> None:
    def fail() -> None:
        raise Mute

    assert bind("function", by_value(fail)).work(b"").detail == "Mute: (its text cannot be had: RuntimeError)"


def test_a_kind_is_called_with_its_params_and_a_payload_replaces_fields() -> None:
    work = bind("train", body(data="missing.csv")).work
    assert work(b"").outcome == "FAILED"
    assert "missing.csv" in work(b"").detail
    assert "other.csv" in work(b'{"data": "other.csv"}').detail


@pytest.mark.parametrize("payload", [b"no json", b"[1]", b'{"dataa": "x"}'])
def test_a_payload_that_makes_no_sense_is_rejected(payload: bytes) -> None:
    assert bind("train", body(data="x.csv")).work(payload).outcome == "REJECTED"


def test_a_directory_around_what_we_run_on_takes_nothing_of_it_along(tmp_path: Path) -> None:
    source = Path(kinds.__file__).parent.parent
    around = str(source.parent)
    (tmp_path / "mine.py").write_text("here = 1\n")
    use((around, str(source)))
    bind("function", by_value(lambda: 1))
    use((str(tmp_path),))
    assert importlib.import_module("mine").here == 1
    assert sys.modules["paceline.kinds"] is kinds
    assert sys.modules["cloudpickle"] is cloudpickle
    assert importlib.import_module("paceline.testing").__name__ == "paceline.testing"
    assert pickle.loads(bind("function", by_value(lambda: 2)).work(b"").result) == 2  # noqa: S301


def test_what_came_from_a_directory_goes_with_it(tmp_path: Path) -> None:
    for place, value in (("one", 1), ("two", 2)):
        (tmp_path / place).mkdir()
        (tmp_path / place / "clash_of_names.py").write_text(f"value = {value}\n")
        use((str(tmp_path / place),))
        assert importlib.import_module("clash_of_names").value == value


def test_packages_without_a_file_go_with_what_is_around_them(tmp_path: Path) -> None:
    """A package in a directory without ``__init__.py`` has no file, and looks for itself through its parent."""
    for place, value in (("one", 1), ("two", 2)):
        inner = tmp_path / place / "outer_of_names" / "inner"
        inner.mkdir(parents=True)
        (inner.parent / "__init__.py").touch()
        (inner / "leaf.py").write_text(f"value = {value}\n")
        use((str(tmp_path / place),))
        assert importlib.import_module("outer_of_names.inner.leaf").value == value
