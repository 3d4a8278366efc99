"""Texts of others, as they may be shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.model.text import visible


@pytest.mark.parametrize("text", ["", "naïve 日本 🙂", 'a "b" \\n'])
def test_what_prints_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text(st.characters(exclude_characters='"\\')))
def test_what_does_not_print_can_be_read_back(text: str) -> None:
    assert visible(text).isprintable()
    assert json.loads(f'"{visible(text)}"') == text


@pytest.mark.parametrize(("text", "shown"), [("a\x1b[2J\nb\x7f", "a\\u001b[2J\\nb\\u007f"), ("\u202e", "\\u202e")])
def test_its_code(text: str, shown: str) -> None:
    assert visible(text) == shown
