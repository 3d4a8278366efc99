"""A disk that takes nothing more: whatever cannot begin for that is not to blame, and is given back."""

import errno
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paceline.executor import Unwritable, disk_fault
from tests.mounts import small_disk
from tests.supervisor.host import PATIENCE, Host

pytestmark = pytest.mark.system


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for some files, none of them large."""
    with small_disk(tmp_path / "small", "size=1m,nr_inodes=32") as place:
        yield place


def use_up_bytes(place: Path) -> None:
    with (place / "ballast").open("wb", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def use_up_files(place: Path) -> None:
    for number in itertools.count():
        try:
            (place / f"ballast-{number}").touch()
        except OSError:
            break


def make_read_only(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)


FULL, READ_ONLY = "no space left on device", "read-only file system"
GIVEN_BACK = [["1.0#1"], ["2.0#1", "2.1#1"]]


@pytest.mark.parametrize(("spoil", "fault"), [(use_up_files, FULL), (make_read_only, READ_ONLY)])
def test_what_finds_no_place_for_its_output_is_given_back(
    host: Host, small: Path, spoil: Callable[[Path], None], fault: str
) -> None:
    agent = host.start()
    spoil(small)
    agent.say(host.launch("1.0#1", ["true"], outs=[str(small / "out")], errs=[str(small / "err")]))
    agent.say(host.call("add", (1, 2), (3, 4), job=2, logs=str(small / "logs")))
    agent.until(lambda: [word.keys for word in agent.words if isinstance(word, Unwritable)] == GIVEN_BACK)
    assert agent.wait(Unwritable).fault == fault
    assert agent.run(host.launch("3.0#1", ["true"])).outcome == "SUCCEEDED"
    assert set(agent.ends) == {"3.0#1"}


def test_what_waits_behind_one_that_found_no_place_is_given_back_with_it(host: Host, small: Path) -> None:
    agent = host.start()
    make_read_only(small)
    keys = ["1.0#1", "1.1#1", "1.2#1"]
    outs = [str(host.path(keys[0], "out")), str(small / "out"), str(host.path(keys[2], "out"))]
    agent.say(host.series(keys, ["true"], outs=outs))
    assert agent.wait(Unwritable).keys == keys[1:]
    assert agent.end(keys[0]).outcome == "SUCCEEDED"
    assert set(agent.ends) == {keys[0]}


def test_a_call_whose_code_finds_no_place_is_given_back(host: Host, small: Path) -> None:
    host.directory = small
    agent = host.start()
    use_up_bytes(small)
    agent.say(host.call("add", (1, 2)))
    assert agent.wait(Unwritable).fault == FULL
    (small / "ballast").unlink()
    assert [end.outcome for end in agent.calls(host.call("add", (1, 2), job=2))] == ["SUCCEEDED"]


def test_a_supervisor_that_finds_no_room_says_so_and_leaves(host: Host, small: Path) -> None:
    host.directory = small
    (small / "supervisor.lock").write_text("4711\n")
    use_up_bytes(small)
    process = host.run()
    assert process.wait(PATIENCE) == 1
    assert process.stderr
    assert b"No space left on device" in process.stderr.read()


def test_whoever_fills_the_disk_fails_by_itself(host: Host, small: Path) -> None:
    script = "head -c 2000000 /dev/zero > much || exit 7"
    end = host.start().run(host.launch("1.0#1", ["sh", "-c", script], cwd=str(small)))
    assert (end.outcome, end.code) == ("FAILED", 7)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_what_a_disk_says(number: int) -> None:
    assert disk_fault(OSError(number, "whatever")) == os.strerror(number).lower()


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "No such file"), OSError("?"), ValueError("?")])
def test_other_troubles_are_not_the_disks(error: Exception) -> None:
    assert disk_fault(error) == ""
