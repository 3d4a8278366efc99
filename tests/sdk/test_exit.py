"""How a program that uses Paceline ends, and what its children may not do."""

import subprocess
import sys

import pytest

from tests.sdk.fleet import BlockingFleet

pytestmark = pytest.mark.system

BEGIN = """
import os, sys
from paceline import Executor
from paceline.config import ClientOptions
executor = Executor(ClientOptions(address=sys.argv[1], token="pl_admin_x"))
"""


def ran(fleet: BlockingFleet, script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", BEGIN + script, fleet.fleet.options.address],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_program_leaves_nothing_unsent(fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    done = ran(fleet, "for n in range(3000): executor.submit(abs, n)\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(fleet.fleet.jobs[1].payloads) == 3000
    assert fleet.fleet.jobs[1].closed


def test_so_does_one_that_fails(fleet: BlockingFleet) -> None:
    fleet.fleet.held = True
    done = ran(fleet, "executor.submit(abs, 1)\nraise SystemExit(3)\n")
    assert done.returncode == 3
    assert fleet.fleet.jobs[1].closed


def test_shutdown_leaves_a_quiet_end(fleet: BlockingFleet) -> None:
    done = ran(fleet, "with executor: print(executor.submit(pow, 2, 5).result())\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "32\n", "")


def test_a_forked_child_is_told_so(fleet: BlockingFleet) -> None:
    script = """
child = os.fork()
if child == 0:
    try:
        executor.submit(abs, 1)
    except RuntimeError as error:
        print("spawn" in str(error), flush=True)
    os._exit(0)
os.waitpid(child, 0)
executor.shutdown()
"""
    assert ran(fleet, script).stdout == "True\n"


def test_a_script_sends_its_own_functions(fleet: BlockingFleet) -> None:
    script = """
class Point:
    def __init__(self, x): self.x = x
def doubled(point): return Point(point.x * 2)
with executor: print(isinstance(executor.submit(doubled, Point(4)).result(), Point))
"""
    assert ran(fleet, script).stdout == "True\n"


def test_importing_paceline_is_light() -> None:
    script = "import paceline, sys; print({'grpc', 'cloudpickle', 'msgspec'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_a_decorated_function_does_not_need_the_wire() -> None:
    script = "import paceline, sys; paceline.task(cpu=2)(print); print('grpc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"
