"""What a task gets to see."""

import json
from dataclasses import replace

import pytest

from paceline.agent.devices import Booking
from paceline.agent.frames import Frame, Shape
from paceline.agent.launches import Launches
from paceline.model.errors import UsageError
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Spec
from paceline.model.resources import Need
from paceline.orders.program import MASKS
from tests.agent.world import PLACES

LAUNCHES = Launches(places=PLACES, base={"PATH": "/bin", "HOME": "/root"}, python="/usr/bin/python3")
ATTEMPT = AttemptId(JobId(3), 17, 2)


def frame(spec: Spec, *, payload: bytes = b"", booking: Booking | None = None) -> Frame:
    booked = booking or Booking(cpu=2500, memory=0, disk=0)
    payloads = {str(ATTEMPT): payload} if payload else {}
    return Frame(shape=Shape(spec, Need()), live={str(ATTEMPT): ATTEMPT}, booking=booked, payloads=payloads)


def command(*argv: str, line: bool = False, **spec: object) -> Spec:
    body = json.dumps({"argv": argv, "shell": line}).encode()
    return Spec(kind="command", body=body, **spec)  # type: ignore[arg-type]


def test_a_program() -> None:
    launch = LAUNCHES.launch(frame(command("python", "train.py", cwd="/data", timeout=5.0, grace=2.0)))
    assert (launch.keys, launch.argv, launch.cwds) == (["3.17#2"], ("python", "train.py"), ["/data"])
    assert (launch.timeout, launch.grace) == (5.0, 2.0)
    assert (launch.outs, launch.errs) == (["/w/logs/3.17.2.out"], ["/w/logs/3.17.2.err"])


def test_a_limit_of_the_worker_is_for_those_that_have_none() -> None:
    launches = replace(LAUNCHES, timeout=60.0)
    assert launches.launch(frame(command("true"))).timeout == 60.0
    assert launches.launch(frame(command("true", timeout=90.0))).timeout == 90.0
    assert launches.call(frame(Spec(kind="function", body=b"{}")), b"").timeout == 60.0


def test_without_a_directory_it_gets_one_of_its_own() -> None:
    assert LAUNCHES.launch(frame(command("true"))).cwds == ["/w/scratch/3.17.2"]


def test_a_line_for_the_shell_stays_one_argument() -> None:
    assert LAUNCHES.launch(frame(command("echo $HOME; true", line=True))).argv == ("/bin/sh", "-c", "echo $HOME; true")


def test_before_a_program_whose_runs_mlflow_keeps_stands_what_makes_one() -> None:
    argv = LAUNCHES.launch(frame(command("python", "train.py", env=(("PACELINE_MLFLOW", "http://mlflow"),)))).argv
    assert argv[0] == "/usr/bin/python3"
    assert argv[-3:] == ("paceline.train.mlflow_join", "python", "train.py")


def test_parameters_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match="argv"):
        LAUNCHES.launch(frame(Spec(kind="command", body=b'{"argv": "x"}')))


def test_a_program_is_told_who_it_is() -> None:
    launch = LAUNCHES.launch(frame(command("true"), payload=b'{"a": 1}'))
    assert launch.env["PACELINE_REPORTS"] == "/w/reports.sock"
    assert launch.env["PACELINE_AGENT"] == "/w/desk.sock"
    assert launch.own == [
        {
            "PACELINE_JOB_ID": "3",
            "PACELINE_TASK_ID": "3.17",
            "PACELINE_ATTEMPT": "2",
            "PACELINE_ARRAY_INDEX": "17",
            "PACELINE_ENTRY": '{"a": 1}',
        }
    ]


def test_a_task_sees_the_allowed_list_and_nothing_else_of_the_workers() -> None:
    env = LAUNCHES.launch(frame(command("true"))).env
    ours = {"OMP_NUM_THREADS", "PYTHONUNBUFFERED", *MASKS}
    assert {name for name in env if not name.startswith("PACELINE_")} == {"PATH", "HOME", *ours}


def test_threads_are_what_was_booked() -> None:
    assert LAUNCHES.launch(frame(command("true"))).env["OMP_NUM_THREADS"] == "2"
    small = Booking(cpu=200, memory=0, disk=0)
    assert LAUNCHES.launch(frame(command("true"), booking=small)).env["OMP_NUM_THREADS"] == "1"


def test_devices_are_pinned_and_hidden_where_none_was_asked() -> None:
    two = Booking(cpu=1000, memory=0, disk=0, devices=("GPU-a", "GPU-b"), share=1000)
    assert {LAUNCHES.launch(frame(command("true"), booking=two)).env[mask] for mask in MASKS} == {"GPU-a,GPU-b"}
    assert {LAUNCHES.launch(frame(command("true"))).env[mask] for mask in MASKS} == {""}


def test_a_job_may_set_what_is_its_own_and_not_what_is_ours() -> None:
    env = (("PATH", "/opt"), ("OMP_NUM_THREADS", "7"), ("CUDA_VISIBLE_DEVICES", "0"), ("PACELINE_TASK_ID", "1.1"))
    launch = LAUNCHES.launch(frame(command("true", env=env)))
    found = {**launch.env, **launch.own[0]}
    assert (found["PATH"], found["OMP_NUM_THREADS"]) == ("/opt", "7")
    assert (found["CUDA_VISIBLE_DEVICES"], found["PACELINE_TASK_ID"]) == ("", "3.17")


def test_a_call_carries_nothing_of_the_single_attempt_so_that_processes_are_shared() -> None:
    spec = Spec(kind="function", body=b"{}")
    call = LAUNCHES.call(frame(spec, payload=b"args"), b"{}")
    assert (call.keys, call.kind, call.python, call.blobs) == (
        ["3.17#2"],
        "function",
        "/usr/bin/python3",
        [b"{}", b"args"],
    )
    assert not {"PACELINE_JOB_ID", "PACELINE_TASK_ID", "PACELINE_ATTEMPT", "PACELINE_ENTRY"} & call.env.keys()
    assert (call.cwd, call.logs) == ("/w/calls", "/w/logs")


def test_equal_functions_have_equal_digests() -> None:
    digests = {
        Shape(Spec(kind=kind, body=body), Need()).digest for kind, body in (("a", b"b"), ("a", b"b"), ("ab", b""))
    }
    assert len(digests) == 2
