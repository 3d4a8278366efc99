"""Places in a trace: read, written, derived."""

import pytest

from paceline.telemetry.traceparent import Traceparent, begin, of_environment, read

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TEXT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (TEXT, Traceparent(trace=TRACE, span=SPAN)),
        (TEXT.upper(), Traceparent(trace=TRACE, span=SPAN)),
        (f"00-{TRACE}-{SPAN}-00", Traceparent(trace=TRACE, span=SPAN, sampled=False)),
        (f"00-{TRACE}-{SPAN}-03", Traceparent(trace=TRACE, span=SPAN)),
        (f"cc-{TRACE}-{SPAN}-01-what-will-come", Traceparent(trace=TRACE, span=SPAN)),
    ],
)
def test_what_w3c_allows_is_read(text: str, place: Traceparent) -> None:
    assert read(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0g",
    ],
)
def test_what_it_does_not_is_as_if_it_were_not_there(text: str) -> None:
    assert read(text) is None


def test_it_is_written_as_it_was_read() -> None:
    assert str(read(TEXT)) == TEXT


def test_an_attempts_place_follows_from_the_trace_and_the_attempt() -> None:
    job = Traceparent(trace=TRACE, span=SPAN)
    first = job.of_attempt("3.17#1")
    assert first.trace == TRACE
    assert first == Traceparent(trace=TRACE, span="f" * 16).of_attempt("3.17#1")
    spans = {first.span, job.of_attempt("3.17#2").span, job.of_attempt("3.18#1").span}
    spans.add(Traceparent(trace=TRACE[::-1], span=SPAN).of_attempt("3.17#1").span)
    assert len(spans) == 4
    assert read(str(first)) == first


def test_an_unsampled_trace_stays_so() -> None:
    assert not Traceparent(trace=TRACE, span=SPAN, sampled=False).of_attempt("1.0#1").sampled


def test_a_trace_that_the_server_began_is_known_as_such() -> None:
    assert begin(bytes(range(16))).ours
    assert not Traceparent(trace=TRACE, span=SPAN).ours


def test_of_many_traces_a_share_is_collected() -> None:
    low, high = bytes(8) + b"\x10" + bytes(7), bytes(8) + b"\xf0" + bytes(7)
    assert [begin(each, 0.5).sampled for each in (low, high)] == [True, False]
    assert [begin(each, 0.0).sampled for each in (low, high)] == [False, False]
    assert begin(b"\xff" * 16, 1.0).sampled


def test_a_job_has_it_in_its_environment() -> None:
    assert of_environment([("A", "b"), ("TRACEPARENT", TEXT)]) == read(TEXT)
    assert of_environment([("TRACEPARENT", "nonsense")]) is None
    assert of_environment([]) is None
