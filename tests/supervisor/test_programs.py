"""Programs: their output, their end, and the sentence for one that cannot be started."""

import os
import signal
import stat
from pathlib import Path

import pytest

from paceline.executor import Began, Halt
from tests.supervisor.host import Host, alive

pytestmark = pytest.mark.system


def test_output_and_success(host: Host) -> None:
    agent = host.start()
    end = agent.run(host.launch("1.0#1", ["sh", "-c", "echo out; echo err >&2"]))
    assert (end.outcome, end.code, end.detail, end.result) == ("SUCCEEDED", 0, "", b"")
    assert (end.out_end, end.err_end) == (4, 4)
    assert host.out("1.0#1") == "out\n"
    assert end.seconds > 0


def test_output_is_appended_and_says_where_it_starts(host: Host) -> None:
    agent = host.start()
    host.path("1.0#2", "out").write_text("before\n")
    end = agent.run(host.launch("1.0#2", ["echo", "after"]))
    assert agent.wait(Began, "1.0#2").out_start == len("before\n")
    assert end.out_end == len("before\nafter\n")


@pytest.mark.parametrize(
    ("script", "code", "detail"),
    [
        ("exit 3", 3, "exit code 3"),
        ("kill -SEGV $$", -11, "killed by signal 11 (SIGSEGV)"),
        ("kill -KILL $$", -9, "killed by signal 9 (SIGKILL), by nobody here"),
    ],
)
def test_failure_says_how(host: Host, script: str, code: int, detail: str) -> None:
    end = host.start().run(host.launch("1.0#1", ["sh", "-c", script]))
    assert (end.outcome, end.code) == ("FAILED", code)
    assert end.detail.startswith(detail)


def test_the_environment_is_what_was_given_and_our_mark(host: Host) -> None:
    agent = host.start()
    agent.run(host.launch("1.0#1", ["/usr/bin/env"], env={"A": "1"}))
    names = sorted(line.partition("=")[0] for line in host.out("1.0#1").splitlines())
    assert names == ["A", "PACELINE_SUPERVISOR"]


def test_a_program_has_no_files_but_its_own_and_default_signals(host: Host) -> None:
    agent = host.start()
    agent.run(host.launch("1.0#1", ["sh", "-c", "ls -m /proc/self/fd; grep SigIgn /proc/self/status"]))
    files, ignored = host.out("1.0#1").splitlines()
    assert files == "0, 1, 2, 3"  # the last one is the directory that ls reads
    assert int(ignored.split()[1], 16) & 0x7FFFFFFF == 0  # 32 and 33 are the C library's own


def test_a_relative_program_is_seen_from_its_directory(host: Host) -> None:
    agent = host.start()
    directory = host.directory / "work"
    directory.mkdir()
    script = directory / "script"
    script.write_text("#!/bin/sh\npwd\n")
    script.chmod(0o700)
    end = agent.run(host.launch("1.0#1", ["./script"], cwd=str(directory)))
    assert end.outcome == "SUCCEEDED"
    assert host.out("1.0#1").strip() == str(directory)


def _file(path: Path, text: str, mode: int) -> None:
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ([], "the command is empty; give a program to run"),
        (["no-such-program"], "there is no program 'no-such-program' in PATH (/usr/bin:/bin); install it"),
        (["./missing"], "there is no program './missing', seen from directory"),
        (["./plain"], "'./plain' is not executable; chmod +x ./plain"),
        (["./headless"], "'./headless' is neither a script that names its interpreter nor a program for here; begin"),
        (["./orphan"], "'./orphan' needs an interpreter that is not here: #!/no/such/interpreter"),
        (["/"], "'/' is a directory, not a program"),
        (["true", "a\0b"], "cannot start '/usr/bin/true': embedded null byte"),
        (["true", "x" * 3_000_000], "arguments and environment are too long (3000"),
    ],
)
def test_what_cannot_be_started_says_why(host: Host, argv: list[str], sentence: str) -> None:
    agent = host.start()
    _file(host.directory / "plain", "#!/bin/sh\n", stat.S_IRUSR)
    _file(host.directory / "headless", "echo\n", stat.S_IRWXU)
    _file(host.directory / "orphan", "#!/no/such/interpreter\n", stat.S_IRWXU)
    end = agent.run(host.launch("1.0#1", argv, env={"PATH": "/usr/bin:/bin"}))
    assert end.outcome == "LAUNCH"
    assert end.detail.startswith(sentence)
    assert agent.run(host.launch("1.1#1", ["true"])).outcome == "SUCCEEDED"


def test_a_missing_directory_is_named(host: Host) -> None:
    end = host.start().run(host.launch("1.0#1", ["true"], cwd="/no/such/place"))
    assert (end.outcome, end.detail) == (
        "LAUNCH",
        "cannot start in directory '/no/such/place': no such file or directory; create it on the worker,"
        " or give another cwd",
    )


def test_an_output_file_that_cannot_be_written_is_named(host: Host) -> None:
    end = host.start().run(host.launch("1.0#1", ["true"], outs=["/no/such/place/out"]))
    assert end.outcome == "LAUNCH"
    assert "cannot write output to '/no/such/place/out'" in end.detail


def test_a_timeout_ends_it(host: Host) -> None:
    end = host.start().run(host.launch("1.0#1", ["sleep", "1000"], timeout=0.1))
    assert (end.outcome, end.code, end.detail) == ("TIMEOUT", -signal.SIGTERM, "ran longer than 0.1 s")
    assert end.seconds >= 0.1


def test_an_ended_program_is_not_ended_by_its_timeout(host: Host) -> None:
    agent = host.start()
    assert agent.run(host.launch("1.0#1", ["true"], timeout=0.2)).outcome == "SUCCEEDED"
    assert agent.run(host.launch("1.0#2", ["sleep", "0.3"])).outcome == "SUCCEEDED"


def test_a_halt_ends_it_as_it_says(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "trap 'echo bye; exit 0' TERM; echo $$ > said; sleep 1000 & wait"]))
    pid = int(said.line())
    agent.say(Halt(key="1.0#1", outcome="CANCELLED", detail="by somebody"))
    end = agent.end("1.0#1")
    assert (end.outcome, end.code, end.detail) == ("CANCELLED", 0, "by somebody")
    assert host.out("1.0#1") == "bye\n"
    assert not alive(pid)


def test_a_second_halt_can_only_hasten(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "trap '' TERM; echo > said; while :; do sleep 1000; done"]))
    said.line()
    agent.say(Halt(key="1.0#1", outcome="PREEMPTED", grace=1000.0), Halt(key="1.0#1", outcome="CANCELLED", grace=0.0))
    end = agent.end("1.0#1")
    assert (end.outcome, end.code) == ("PREEMPTED", -signal.SIGKILL)


def test_a_halt_of_nothing_is_nothing(host: Host) -> None:
    agent = host.start()
    agent.say(Halt(key="9.9#9", outcome="CANCELLED"))
    assert agent.run(host.launch("1.0#1", ["true"])).outcome == "SUCCEEDED"
    assert set(agent.ends) == {"1.0#1"}


def test_many_at_once(host: Host) -> None:
    agent = host.start()
    orders = [host.launch(f"1.{index}#1", ["sh", "-c", f"exit {index % 3}"]) for index in range(60)]
    agent.say(*orders)
    codes = [agent.end(order.keys[0]).code for order in orders]
    assert codes == [index % 3 for index in range(60)]


def test_a_stopped_program_can_be_ended(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo $$ > said; kill -STOP $$"]))
    os.kill(int(said.line()), signal.SIGSTOP)
    agent.say(Halt(key="1.0#1", outcome="CANCELLED", grace=1000.0))
    assert agent.end("1.0#1").code == -signal.SIGTERM
