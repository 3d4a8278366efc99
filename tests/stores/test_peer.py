"""A store process's end of the socket: however the server goes, it is gone, and that is no error."""

import socket
from collections.abc import Iterator

import pytest

from paceline.stores.messages import Kept, head
from paceline.stores.sqlite_file.peer import Peer


@pytest.fixture
def ends() -> Iterator[tuple[Peer, socket.socket]]:
    ours, server = socket.socketpair()
    with Peer(ours.detach()) as peer, server:
        yield peer, server


def test_a_whole_frame_is_received(ends: tuple[Peer, socket.socket]) -> None:
    peer, server = ends
    server.sendall(head(b"batch") + b"batch")
    assert peer.receive() == b"batch"


@pytest.mark.parametrize("begun", [b"", head(b"batch")[:2], head(b"batch"), head(b"batch") + b"bat"])
def test_what_was_only_begun_was_never_said(ends: tuple[Peer, socket.socket], begun: bytes) -> None:
    peer, server = ends
    server.sendall(begun)
    server.close()
    assert peer.receive() == b""


def test_a_server_that_dies_before_it_has_read_an_answer_is_gone_like_any_other(
    ends: tuple[Peer, socket.socket],
) -> None:
    peer, server = ends
    peer.say(Kept())
    server.close()
    assert peer.receive() == b""
    peer.say(Kept())
