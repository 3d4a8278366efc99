"""Parameters of programs and functions, as they are checked wherever a job is submitted."""

import json

import pytest

from paceline import kinds
from paceline.model.errors import UsageError
from paceline.tasks import command, function


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "command: object missing required field `argv`"),
        ({"argv": []}, "command.argv: there is no program"),
        ({"argv": [""]}, "command.argv: there is no program"),
        ({"argv": ["a", "b"], "shell": True}, "command.argv: the shell takes one line, got 2 strings"),
        ({"argv": ["a", "b\0c"]}, "command.argv[1]: 'b\\x00c' contains a NUL character"),
        ({"args": ["a"]}, "command.args: there is no such parameter"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        kinds.parse("command", json.dumps(fields).encode())
    assert raised.value.message == message


def test_commands() -> None:
    assert kinds.parse("command", b'{"argv": ["echo", "a"]}') == command.CommandParams(argv=["echo", "a"])
    assert kinds.parse("command", b'{"argv": ["echo a | wc"], "shell": true}').shell


def test_a_function_wants_its_python() -> None:
    assert function.features(kinds.parse("function", b'{"ref": "a:b", "python": "3.11"}')) == ("python3.11",)
    assert function.features(kinds.parse("function", b'{"ref": "a:b"}')) == ()
    assert len(function.available()) == 1
