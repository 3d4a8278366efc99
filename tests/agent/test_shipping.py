"""Sending output: in order, resumed where it broke off, bounded, and only what is the attempt's own."""

from pathlib import Path

from paceline.agent.memory import Acked, Written
from paceline.agent.places import Source
from paceline.agent.shipping import ACK_PATIENCE, FIRST, LAST, SLICE, WINDOW, Shipper, Stream
from paceline.agent.words import Chunk
from paceline.model.ids import AttemptId, JobId
from paceline.testing import FakeClock

ATTEMPT = AttemptId(JobId(1), 2, 3)


class Dock:
    """A shipper, files, and what came of it."""

    def __init__(self, tmp_path: Path, acked: int = 0) -> None:
        self.clock = FakeClock()
        self.open = True
        self.chunks: list[Chunk] = []
        self.shipped: list[str] = []
        self.discarded: list[AttemptId] = []
        self.out, self.err = tmp_path / "out", tmp_path / "err"
        self.shipper = Shipper(
            send=self.chunks.append,
            room=lambda: self.open,
            shipped=self.shipped.append,
            discard=self.discarded.append,
            clock=self.clock,
        )
        self.source = Source(out=str(self.out), err=str(self.err))

    def write(self, out: bytes = b"", err: bytes = b"") -> None:
        for path, data in ((self.out, out), (self.err, err)):
            with path.open("ab") as file:
                file.write(data)

    def written(self, out_start: int = 0) -> Written:
        source = Source(out=str(self.out), err=str(self.err), out_start=out_start)
        return Written(attempt=ATTEMPT, source=source, out_end=self.out.stat().st_size, err_end=self.err.stat().st_size)

    def sent(self, stream: str = "out") -> bytes:
        return b"".join(chunk.data for chunk in self.chunks if chunk.stream == stream)

    def kept(self, offset: int, stream: str = "out") -> None:
        self.shipper.kept(Acked(attempt=ATTEMPT, stream=stream, offset=offset))


def test_a_short_output_is_sent_at_once_and_said_to_be(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"out", b"error")
    dock.shipper.flush(dock.written())
    assert (dock.sent(), dock.sent("err"), dock.shipped) == (b"out", b"error", ["1.2#3"])


def test_offsets_are_the_attempts_own(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"others, mine")
    dock.shipper.flush(dock.written(out_start=8))
    assert [(chunk.offset, chunk.data) for chunk in dock.chunks] == [(0, b"mine")]


def test_a_running_attempt_is_sent_what_was_there_at_the_last_look(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.shipper.follow(ATTEMPT, dock.source)
    dock.write(b"abc")
    dock.shipper.turn()
    assert dock.sent() == b""
    dock.write(b"later")
    dock.shipper.turn()
    assert dock.sent() == b"abc"
    while dock.shipper.turn():
        pass
    dock.shipper.turn()
    assert dock.sent() == b"abclater"


def test_nothing_is_read_while_the_link_is_full(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abc")
    dock.open = False
    dock.shipper.flush(dock.written())
    dock.shipper.turn()
    assert (dock.chunks, dock.shipped) == ([], [])
    dock.open = True
    dock.shipper.turn()
    assert (dock.sent(), dock.shipped) == (b"abc", ["1.2#3"])


def test_a_long_output_goes_in_slices(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"x" * (2 * SLICE + 1))
    dock.shipper.flush(dock.written())
    while not dock.shipped:
        dock.shipper.turn()
    assert [len(chunk.data) for chunk in dock.chunks] == [SLICE, SLICE, 1]


def test_a_new_link_goes_on_from_what_was_acknowledged(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abcdef")
    dock.shipper.flush(dock.written())
    dock.kept(2)
    dock.shipper.rewind()
    dock.shipper.turn()
    assert [(chunk.offset, chunk.data) for chunk in dock.chunks] == [(0, b"abcdef"), (2, b"cdef")]
    assert dock.shipped == ["1.2#3", "1.2#3"]


def test_a_successor_goes_on_from_what_was_acknowledged(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abcdef")
    dock.shipper.recall({("1.2#3", "out"): Acked(attempt=ATTEMPT, stream="out", offset=4)})
    dock.shipper.flush(dock.written())
    assert [(chunk.offset, chunk.data) for chunk in dock.chunks] == [(4, b"ef")]
    assert dock.shipper.records() == [Acked(attempt=ATTEMPT, stream="out", offset=4)]


def test_files_go_once_the_end_is_settled_and_the_output_acknowledged(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abc")
    dock.shipper.flush(dock.written())
    dock.shipper.forget([ATTEMPT])
    assert dock.discarded == []
    dock.kept(3)
    assert dock.discarded == [ATTEMPT]


def test_files_do_not_wait_for_ever_for_an_acknowledgement(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abc")
    dock.shipper.flush(dock.written())
    dock.shipper.forget([ATTEMPT])
    dock.clock.advance(ACK_PATIENCE)
    dock.shipper.turn()
    assert dock.discarded == [ATTEMPT]


def test_an_attempt_without_output_leaves_nothing_to_wait_for(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.shipper.forget([ATTEMPT])
    assert dock.discarded == [ATTEMPT]


def test_leaving_waits_for_no_acknowledgement(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abc")
    dock.shipper.flush(dock.written())
    dock.shipper.forget([ATTEMPT])
    dock.shipper.close()
    assert dock.discarded == [ATTEMPT]


def test_output_that_was_removed_holds_nothing_up(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(b"abc")
    written = dock.written()
    dock.out.unlink()
    dock.shipper.flush(written)
    assert (dock.chunks, dock.shipped) == ([], ["1.2#3"])


def ranges(stream: Stream) -> list[tuple[int, int]]:
    """Everything it sends, joined where it is contiguous."""
    found: list[tuple[int, int]] = []
    while (due := stream.due())[0] < due[1]:
        stream.position = due[1]
        joined = bool(found) and found[-1][1] == due[0]
        found[-1:] = [(found[-1][0], due[1])] if joined else [*found[-1:], due]
    return found


def test_of_a_huge_output_the_middle_is_left_out() -> None:
    stream = Stream("x", 100, 0)
    stream.look(100 + 10 * FIRST)
    assert ranges(stream) == [(100, 100 + FIRST)]
    stream.end = 100 + 10 * FIRST
    assert ranges(stream) == [(stream.end - LAST, stream.end)]
    assert stream.done()


def test_what_just_fits_is_sent_whole() -> None:
    stream = Stream("x", 0, 0)
    stream.end = FIRST + LAST
    assert ranges(stream) == [(0, FIRST + LAST)]


def test_output_waits_while_the_server_has_much_to_keep(tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.write(bytes(3 * WINDOW))
    dock.shipper.flush(dock.written())
    for _ in range(WINDOW // SLICE + 10):
        dock.shipper.turn()
    assert len(dock.sent()) == WINDOW
    dock.kept(WINDOW // 2)
    for _ in range(WINDOW // SLICE + 10):
        dock.shipper.turn()
    assert len(dock.sent()) == WINDOW + WINDOW // 2
    dock.shipper.rewind()
    dock.shipper.turn()
    assert dock.chunks[-1].offset == WINDOW // 2
