"""An attempt has ended when nothing of it is left, however its processes hide."""

import signal
import sys

import pytest

from paceline.executor import Halt
from paceline.executors.tree import children
from tests.supervisor.host import Agent, Host, Said, alive

pytestmark = pytest.mark.system

STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
FOREVER = "time.sleep(1000)"
SAY = "open('said', 'w').write(f'{os.getpid()}\\n')"


def daemon(trick: str = "pass", after: str = FOREVER) -> str:
    """A program that starts a daemon, by forking twice into sessions of its own, and then does ``after``."""
    return f"""
import os, signal, sys, time
ready, done = os.pipe()
if os.fork():
    os.read(ready, 1)
    {after}
    os._exit(0)
for _ in range(2):
    os.setsid()
    if os.fork():
        os._exit(0)
{trick}
{SAY}
os.write(done, b".")
{FOREVER}
"""


HIDE = f"os.execve(sys.executable, ['x', '-c', {f'import os, time; {SAY}; {FOREVER}'!r}], {{}})"
"""A daemon's way to throw its environment away."""


def begin(host: Host, agent: Agent, key: str, script: str) -> Said:
    """The script runs; what it says."""
    said = host.said()
    agent.say(host.launch(key, [sys.executable, "-c", script]))
    return said


def test_a_child_in_the_background_goes_with_its_parent(host: Host) -> None:
    agent = host.start()
    end = agent.run(host.launch("1.0#1", ["sh", "-c", "sleep 1000 & echo $!; exit 5"]))
    assert (end.outcome, end.code) == ("FAILED", 5)
    assert not alive(int(host.out("1.0#1")))


@pytest.mark.parametrize("trick", ["pass", STUBBORN])
def test_a_daemon_goes_with_its_program(host: Host, trick: str) -> None:
    agent = host.start()
    pid = int(begin(host, agent, "1.0#1", daemon(trick, after="pass")).line())
    assert agent.end("1.0#1").outcome == "SUCCEEDED"
    assert not alive(pid)


def test_a_halt_reaches_daemons(host: Host) -> None:
    agent = host.start()
    pid = int(begin(host, agent, "1.0#1", daemon()).line())
    agent.say(Halt(key="1.0#1", outcome="CANCELLED"))
    assert agent.end("1.0#1").outcome == "CANCELLED"
    assert not alive(pid)


def test_a_daemon_that_hides_goes_with_the_last_that_may_own_it(host: Host) -> None:
    agent = host.start()
    agent.say(host.launch("1.1#1", ["sleep", "1000"]))
    pid = int(begin(host, agent, "1.0#1", daemon(HIDE)).line())
    assert agent.run(host.launch("1.2#1", ["true"])).outcome == "SUCCEEDED"
    assert alive(pid)  # its program still runs, and may need it
    agent.say(Halt(key="1.0#1", outcome="CANCELLED"), Halt(key="1.1#1", outcome="CANCELLED"))
    agent.end("1.0#1")
    agent.end("1.1#1")
    assert not alive(pid)


def test_who_ignores_term_is_killed_after_the_grace(host: Host) -> None:
    agent = host.start()
    begin(host, agent, "1.0#1", f"import os, signal, time\n{STUBBORN}\n{SAY}\n{FOREVER}").line()
    agent.say(Halt(key="1.0#1", outcome="CANCELLED", grace=0.2))
    end = agent.end("1.0#1")
    assert (end.outcome, end.code) == ("CANCELLED", -signal.SIGKILL)


def test_who_multiplies_while_dying_dies(host: Host) -> None:
    agent = host.start()
    script = f"""
import os, signal, time
{STUBBORN}
if os.fork():
    {FOREVER}
for _ in range(4):
    os.fork()
{SAY}
while True:
    time.sleep(0.005)
    if os.fork():
        os._exit(0)
"""
    said = begin(host, agent, "1.0#1", script)
    for _ in range(16):
        said.line()
    agent.say(Halt(key="1.0#1", outcome="CANCELLED", grace=0.1))
    assert agent.end("1.0#1").outcome == "CANCELLED"
    assert children(host.supervisor.pid) == []


def test_other_attempts_are_left_alone(host: Host) -> None:
    agent = host.start()
    pid = int(begin(host, agent, "1.0#1", daemon()).line())
    assert agent.run(host.launch("1.1#1", ["sh", "-c", "sleep 1000 & exit 0"])).outcome == "SUCCEEDED"
    assert alive(pid)
    assert set(agent.ends) == {"1.1#1"}


def test_orphans_that_end_leave_no_zombies(host: Host) -> None:
    agent = host.start()
    said = host.said()
    script = "for i in 1 2 3 4 5; do (true & true) & done; wait; echo > said; exec sleep 1000"
    agent.say(host.launch("1.0#1", ["sh", "-c", script]))
    said.line()
    for index in range(1, 100):  # time for the last of them to end
        agent.run(host.launch(f"1.{index}#1", ["true"]))
        if len(children(host.supervisor.pid)) == 1:
            return
    raise AssertionError(f"still there: {children(host.supervisor.pid)}")
