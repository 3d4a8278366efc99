"""Errors ↔ statuses."""

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from paceline.model import errors
from paceline.wire.protocol import PROTOCOL, check_protocol, named
from paceline.wire.status import (
    CODE_KEY,
    HINT_KEY,
    TABLE,
    grpc_status,
    to_error,
    trailers,
)


def failure(status: grpc.StatusCode, text: str = "", *more: tuple[str, str | bytes]) -> AioRpcError:
    return AioRpcError(status, Metadata(), Metadata(*more), details=text, debug_error_string="")


@pytest.mark.parametrize("kind", list(TABLE))
def test_an_error_arrives_as_it_was_raised(kind: type[errors.PacelineError]) -> None:
    error = kind("array: »5« is wrong", hint="such as »0-9«")
    again = to_error(failure(grpc_status(error), error.message, *trailers(error)))
    assert type(again) is kind
    assert (again.message, again.hint) == (error.message, error.hint)


def test_an_error_without_a_row_is_internal_and_keeps_its_text() -> None:
    error = errors.LaunchError("no such program")
    assert grpc_status(error) is grpc.StatusCode.INTERNAL
    again = to_error(failure(grpc_status(error), error.message, *trailers(error)))
    assert (type(again), again.message) == (errors.PacelineError, "no such program")


def test_a_code_from_a_newer_server_is_a_plain_error() -> None:
    assert type(named("BRAND_NEW", "text", "hint")) is errors.PacelineError
    assert type(named("CONFLICT", "text")) is errors.Conflict


def test_a_hint_may_be_missing_or_text() -> None:
    assert to_error(failure(grpc.StatusCode.NOT_FOUND, "no job 3", (CODE_KEY, "NOT_FOUND"))).hint == ""
    told = failure(grpc.StatusCode.NOT_FOUND, "no job 3", (CODE_KEY, "NOT_FOUND"), (HINT_KEY, "look"))
    assert to_error(told).hint == "look"


def test_nobody_answers() -> None:
    error = to_error(failure(grpc.StatusCode.UNAVAILABLE, "connection refused"), "far:50051")
    assert isinstance(error, errors.Unreachable)
    assert error.message == "no Paceline server answers at far:50051"
    assert "paceline up" in error.hint
    assert "the given address" in to_error(failure(grpc.StatusCode.UNAVAILABLE)).message


@pytest.mark.parametrize(
    ("who", "what", "thing"),
    [
        ("CLIENT: Sent", "the submit request", "the submit request"),
        ("SERVER: Received", "the submit request", "the submit request"),
        ("Stream removed (CLIENT: Received", "the results request", "the answer to the results request"),
        ("SERVER: Sent", "", "the answer to the request"),
        ("Received", "", "the request"),
    ],
)
def test_messages_that_are_too_large(who: str, what: str, thing: str) -> None:
    text = f"{who} message larger than max (5242885 vs. 4194304)"
    error = to_error(failure(grpc.StatusCode.RESOURCE_EXHAUSTED, text), what=what)
    assert isinstance(error, errors.UsageError)
    assert error.message == f"{thing} is 5,242,885 bytes, one message carries at most 4,194,304"
    assert error.exit_code == 2
    assert error.hint


def test_other_failures_keep_their_name() -> None:
    assert to_error(failure(grpc.StatusCode.DEADLINE_EXCEEDED, "too slow")).message == "DEADLINE_EXCEEDED: too slow"
    assert to_error(grpc.RpcError("odd")).message == "UNKNOWN: odd"


def test_every_status_has_an_http_twin() -> None:
    assert all(400 <= http < 600 for _, http in TABLE.values())


@pytest.mark.parametrize("theirs", [PROTOCOL - 1, PROTOCOL, PROTOCOL + 1])
def test_neighbours_understand_each_other(theirs: int) -> None:
    assert check_protocol(theirs, "worker w1") is None


@pytest.mark.parametrize(
    ("theirs", "version", "text", "hint"),
    [
        (
            PROTOCOL - 2,
            "0.1",
            f"worker w1 0.1 speaks protocol {PROTOCOL - 2}, the server {PROTOCOL}",
            "upgrade worker w1:",
        ),
        (PROTOCOL + 2, "", f"worker w1 speaks protocol {PROTOCOL + 2}, the server {PROTOCOL}", "upgrade the server:"),
    ],
)
def test_strangers_are_told_who_must_upgrade(theirs: int, version: str, text: str, hint: str) -> None:
    error = check_protocol(theirs, "worker w1", version)
    assert error is not None
    assert error.message == text
    assert error.hint.startswith(hint)
