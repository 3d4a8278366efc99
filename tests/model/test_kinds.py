"""The kind table: names in, checked parameters out."""

from pathlib import Path

import pytest

from paceline import kinds
from paceline.model.errors import UsageError

ENTRY = """
import msgspec
from typing import Literal
from paceline.kinds import Kind

class Params(msgspec.Struct, forbid_unknown_fields=True):
    shape: Literal["round", "square"]
    size: int = 1
    tags: list[str] = []

KIND = Kind(params=Params)
NOT_A_KIND = 5
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package with kinds of its own."""
    (tmp_path / "potter.py").write_text(ENTRY)
    info = tmp_path / "potter-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: potter\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paceline.tasks]\npot = potter:KIND\nfive = potter:NOT_A_KIND\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_built_in_kinds_are_there() -> None:
    assert set(kinds.BUILT_IN) <= set(kinds.names())
    for name in kinds.BUILT_IN:
        assert isinstance(kinds.find(name), kinds.Kind)


@pytest.mark.usefixtures("installed")
def test_other_packages_add_theirs() -> None:
    assert "pot" in kinds.names()
    assert kinds.parse("pot", b'{"shape": "round"}').size == 1


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="kind: there is no kind 'comand'") as caught:
        kinds.find("comand")
    assert caught.value.hint == "did you mean 'command'?"
    with pytest.raises(UsageError) as caught:
        kinds.find("zzz")
    assert caught.value.hint.startswith("kinds here: command, ")


@pytest.mark.usefixtures("installed")
def test_an_entry_that_is_no_kind_says_so() -> None:
    with pytest.raises(UsageError, match="kind: 'five' is potter:NOT_A_KIND, which is not a paceline.kinds.Kind"):
        kinds.find("five")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("body", "text", "hint"),
    [
        (b"{", "pot: parameters are not JSON", ""),
        (b"[1]", "pot: parameters must be a mapping, got list", ""),
        (b"{}", "pot: object missing required field `shape`", ""),
        (b'{"shap": "round"}', "pot.shap: there is no such parameter", "did you mean 'shape'?"),
        (b'{"colour": 1}', "pot.colour: there is no such parameter", "known: shape, size, tags"),
        (b'{"shape": "round", "size": "x"}', "pot.size: 'x': expected `int`, got `str`", ""),
        (b'{"shape": "oval"}', "pot.shape: 'oval': not one of its words", "one of round, square"),
        (b'{"shape": "round", "tags": [1]}', r"pot.tags\[0\]: 1: expected `str`, got `int`", ""),
    ],
)
def test_bad_parameters_are_named(body: bytes, text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        kinds.parse("pot", body)
    assert caught.value.hint == hint


@pytest.mark.usefixtures("installed")
def test_what_a_task_has_of_its_own_replaces_what_its_job_says() -> None:
    params = kinds.parse("pot", b'{"shape": "round", "size": 1}', b'{"size": 2}')
    assert (params.shape, params.size) == ("round", 2)


@pytest.mark.usefixtures("installed")
def test_a_kind_that_asks_for_nothing_asks_for_workers_that_know_it() -> None:
    assert kinds.features("pot", kinds.parse("pot", b'{"shape": "round"}')) == ("pot",)
    assert kinds.features("function", kinds.parse("function", b'{"ref": "a:b", "python": "3.11"}')) == ("python3.11",)
    assert kinds.features("command", kinds.parse("command", b'{"argv": ["true"]}')) == ()


def test_a_machine_offers_every_kind_that_is_installed() -> None:
    assert {"simulate", "function"} <= kinds.offered()
    assert "command" not in kinds.offered()
