"""A command as it is started."""

import json
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.model.errors import UsageError
from paceline.model.ids import AttemptId, JobId
from paceline.orders.program import arguments, identity, line

WORDS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)


def body(*argv: str) -> bytes:
    return json.dumps({"argv": argv}).encode()


@given(st.lists(WORDS, min_size=1, max_size=4).filter(lambda argv: argv[0]))
def test_the_line_means_the_same_as_the_arguments(argv: list[str]) -> None:
    assert shlex.split(line("command", body(*argv))) == list(arguments("command", body(*argv)))


@settings(max_examples=10)
@given(st.lists(WORDS, min_size=1, max_size=3))
def test_a_shell_reads_it_so_too(words: list[str]) -> None:
    told = line("command", body("printf", "%s\\0", *words))
    said = subprocess.run(["bash", "-c", told], capture_output=True, check=True).stdout
    assert said == b"".join(word.encode() + b"\0" for word in words)


def test_a_line_for_the_shell_stays_one() -> None:
    asked = json.dumps({"argv": ["echo $HOME | wc"], "shell": True}).encode()
    assert line("command", asked) == "echo $HOME | wc"
    assert list(arguments("command", asked)) == ["/bin/sh", "-c", "echo $HOME | wc"]


def test_what_is_no_command_is_refused() -> None:
    with pytest.raises(UsageError, match="command.argv: there is no program"):
        arguments("command", body())


def test_a_program_is_told_who_it_is() -> None:
    attempt = AttemptId(JobId(3), 17, 2)
    assert identity(attempt, b"") == {
        "PACELINE_JOB_ID": "3",
        "PACELINE_TASK_ID": "3.17",
        "PACELINE_ATTEMPT": "2",
        "PACELINE_ARRAY_INDEX": "17",
    }
    assert identity(attempt, b"row\xff")["PACELINE_ENTRY"] == "row\ufffd"
