"""Records that survive their writer, whatever becomes of the end of the file."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.agent.spool import Spool, whole_records

RECORDS = st.lists(st.binary(max_size=50), max_size=8)


def written(directory: Path, records: list[bytes]) -> Path:
    path = directory / "spool"
    spool = Spool(path)
    for record in records:
        spool.append(record)
    spool.close()
    return path


def read(path: Path) -> list[bytes]:
    spool = Spool(path)
    try:
        return spool.read()
    finally:
        spool.close()


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    assert read(written(tmp_path, [b"a", b"", b"ccc"])) == [b"a", b"", b"ccc"]


@settings(max_examples=200)
@given(RECORDS, st.data())
def test_a_torn_tail_costs_no_whole_record(records: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = written(Path(directory), records)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        sizes = [8 + len(record) for record in records]
        expected = [record for position, record in enumerate(records) if sum(sizes[: position + 1]) <= cut]
        assert read(path) == expected


@given(RECORDS.filter(any), st.data())
def test_nothing_is_made_up_from_damage(records: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = written(Path(directory), records)
        whole = bytearray(path.read_bytes())
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
        found = list(whole_records(bytes(whole)))
        assert found == records[: len(found)]


def test_writing_goes_on_after_a_torn_tail(tmp_path: Path) -> None:
    path = written(tmp_path, [b"a", b"b"])
    path.write_bytes(path.read_bytes()[:-1])
    spool = Spool(path)
    assert spool.read() == [b"a"]
    spool.append(b"c")
    spool.close()
    assert read(path) == [b"a", b"c"]


def test_it_can_be_rewritten_without_what_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    for _ in range(100):
        spool.append(b"x" * 100)
    spool.replace([b"only"])
    assert spool.size == spool.base == 12
    spool.append(b"more")
    spool.close()
    assert read(tmp_path / "spool") == [b"only", b"more"]


def test_a_full_disk_is_said_and_leaves_no_half_record() -> None:
    spool = Spool(Path("/dev/full")) if Path("/dev/full").exists() else pytest.skip("no /dev/full here")
    with pytest.raises(OSError, match=r"."):
        spool.append(b"x")
    spool.close()


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = written(tmp_path, [])
    assert path.stat().st_mode & 0o077 == 0
    spool = Spool(path)
    spool.replace([])
    spool.close()
    assert path.stat().st_mode & 0o077 == 0
