"""Where the time goes: sampled from this very process, and drawn."""

import threading
from xml.etree import ElementTree

import pytest

from paceline.clock import SystemClock
from paceline.model.errors import Conflict, UsageError
from paceline.profiling.flame import svg, tree
from paceline.profiling.sample import LONGEST, ONE_AT_A_TIME, collapsed, sample, seconds_of

STACKS = {("main", "loop", "step"): 30, ("main", "loop"): 10, ("main", "<html> & co"): 5, ("other",): 15}


def waiting_here(told: threading.Event) -> None:
    told.wait()


def test_what_a_thread_does_is_seen() -> None:
    told = threading.Event()
    thread = threading.Thread(target=waiting_here, args=(told,), name="the-one")
    thread.start()
    try:
        stacks = sample(0.1, SystemClock())
    finally:
        told.set()
        thread.join()
    (seen,) = {stack for stack in stacks if stack[0] == "the-one"}
    assert "profiling/test_profiling.py:waiting_here" in seen


def test_one_at_a_time() -> None:
    with ONE_AT_A_TIME, pytest.raises(Conflict, match="already"):
        sample(0.1, SystemClock())


def test_seconds_are_bounded() -> None:
    assert seconds_of("") == 5.0
    assert seconds_of("500ms") == 0.5
    for text in ("0", "61", "1h"):
        with pytest.raises(UsageError, match=f"seconds: {text}") as raised:
            seconds_of(text)
        assert raised.value.hint == f"?seconds={LONGEST:g} at most"
    with pytest.raises(UsageError, match="seconds: cannot read 'soon'"):
        seconds_of("soon")


def test_stacks_are_lines_the_most_frequent_first() -> None:
    assert collapsed(STACKS).splitlines()[0] == "main;loop;step 30"


def test_a_box_is_as_wide_as_its_share() -> None:
    whole = tree(STACKS)
    assert (whole.count, whole.inner["main"].count, whole.inner["main"].inner["loop"].count) == (60, 45, 40)


def test_the_picture_is_one_file_without_script_or_style() -> None:
    picture = svg(STACKS, "a worker <b>")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}  # noqa: S314 - our own
    assert tags == {"svg", "rect", "text", "g", "title"}
    assert "&lt;html&gt; &amp; co: 5 samples, 8.3 %" in picture
    assert "style" not in picture


def test_nothing_seen_is_a_picture_too() -> None:
    assert "0 samples" in svg({}, "idle")
