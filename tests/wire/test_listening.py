"""By which names one may be called: as somebody typed them, and as a browser sends them."""

import pytest

from paceline.wire.listening import hosts_of, split_host


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("GPU-Box.lan", "gpu-box.lan:3000"),
        ("gpu-box.lan", "GPU-Box.lan"),
        ("gpu-box.lan:3000", "gpu-box.lan:3000"),
        ("2001:db8::5", "[2001:db8::5]:3000"),
        ("[2001:DB8:0::5]", "[2001:db8::5]"),
        ("10.1.2.3", "10.1.2.3:3000"),
    ],
)
def test_what_was_typed_is_known_when_it_is_sent(typed: str, sent: str) -> None:
    assert split_host(sent) in hosts_of([typed])


@pytest.mark.parametrize("sent", ["127.0.0.1:3000", "localhost", "LOCALHOST:3000", "[::1]:3000", "[0:0::1]"])
def test_this_machine_always_knows_itself(sent: str) -> None:
    assert split_host(sent) in hosts_of([])


@pytest.mark.parametrize(
    "sent", ["", "evil.example", "gpu-box.lan.evil.example", "[2001:db8::6]", "[evil", "[]", "::5"]
)
def test_no_other_name_is(sent: str) -> None:
    assert split_host(sent) not in hosts_of(["gpu-box.lan", "2001:db8::5"])
