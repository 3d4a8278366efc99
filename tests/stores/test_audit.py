"""The event log's words."""

from typing import get_args

from paceline.model.records import Record
from paceline.model.views import EVENT_KINDS
from paceline.stores.audit import kind


def test_the_kinds_of_lines_are_those_that_are_promised() -> None:
    no_lines = {"log_kept", "reported"}
    assert sorted(EVENT_KINDS) == sorted({kind(each) for each in get_args(Record)} - no_lines)
