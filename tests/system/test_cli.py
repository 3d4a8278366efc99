"""Every command for real: a server, a worker, and ``paceline`` as a program."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.prompt import Prompt

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = pytest.mark.system

PATIENCE = 30.0


class Shell(Prompt):
    """Its answers, too."""

    def json(self, *words: str, code: int = 0) -> dict[str, object]:
        """The one object that a command prints."""
        (answer,) = self.lines(*words, code=code)
        return answer

    def lines(self, *words: str, code: int = 0) -> Sequence[dict[str, object]]:
        verb = 2 if words[0] in ("job", "task", "worker", "token") else 1
        out, err = self(*words[:verb], "--json", *words[verb:], code=code)
        assert err == ""
        answers = [json.loads(line) for line in out.splitlines()]
        assert all(answer.pop("schema") == "paceline/v1" for answer in answers)
        return answers


@pytest.fixture
def sh(fleet: "Fleet", tmp_path: Path) -> Shell:
    return Shell(home=fleet.home, cwd=tmp_path, besides={"FROM_HERE": "yes"})


def test_next_door_nothing_is_loaded_that_a_question_does_not_need(sh: Shell) -> None:
    code = "import sys; from paceline.cli.main import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    env = {**os.environ, "PACELINE_HOME": str(sh.home)}
    sh("run", "true")
    for words in (["ps"], ["logs", "last"], ["worker", "ls"]):
        asked = [sys.executable, "-c", code, *words]
        loaded = subprocess.run(asked, env=env, check=True, capture_output=True, text=True).stderr.split()
        assert "paceline.sdk.client" in loaded
        assert {"grpc", "rich", "cloudpickle", "msgspec", "yaml"}.isdisjoint(loaded)


def test_run_is_the_program(sh: Shell) -> None:
    out, err = sh("run", "--", "sh", "-c", "echo to out; echo to err >&2; exit 3", code=3)
    assert out == "to out\n"
    assert re.fullmatch(r"job \d+\nto err\njob \d+ failed: exit code 3\n", err)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--", "true"], 0),
        (["--", "sh", "-c", "kill -TERM $$"], 143),
        (["--", "no-such-program"], 127),
        (["--time", "200ms", "--", "sleep", "60"], 124),
    ],
)
def test_exit_codes(sh: Shell, words: list[str], code: int) -> None:
    sh("run", "-q", *words, code=code)


def test_where_and_with_what_it_runs(sh: Shell) -> None:
    script = "pwd; echo $FROM_HERE $SET $PACELINE_TASK_ID"
    out, _ = sh("run", "--env", "FROM_HERE", "--env", "SET=a b", "--shell", script)
    assert re.fullmatch(rf"{re.escape(str(sh.cwd))}\nyes a b \d+\.0\n", out)


def test_run_as_json(sh: Shell) -> None:
    submitted, *logs, end = sh.lines("run", "--", "echo", "hi")
    assert submitted["type"] == "submitted"
    assert [(line["stream"], line["text"]) for line in logs] == [("out", "hi\n")]
    assert end["type"] == "task"


def test_an_array_that_fails_in_part(sh: Shell) -> None:
    script = "echo $PACELINE_ARRAY_INDEX; [ $PACELINE_ARRAY_INDEX != 7 ] || { echo bad luck; exit 9; }"
    out, err = sh("run", "--array", "1-9:2%2", "--shell", script, code=1)
    assert out == ""
    assert "4 succeeded, 1 failed" in err
    assert re.search(r"\d+\.7 failed: exit code 9 \(attempt 1 on w1\)\n  7\n  bad luck\n", err)


def test_what_can_never_run_is_refused_by_run_and_warned_of_by_submit(sh: Shell) -> None:
    _, err = sh("run", "--gpus", "H100", "--", "true", code=1)
    assert "no connected worker could ever run it" in err
    assert "hint: " in err
    out, err = sh("submit", "--memory", "900TiB", "--", "true")
    assert "warning: true: no connected worker could ever run it" in err
    job = out.split()[1]
    told = sh.json("explain", job)["explanation"]
    assert isinstance(told, dict)
    assert (told["state"], told["causes"][0]["code"]) == ("WAITING", "NEVER_FITS")
    assert told["change"]
    assert sh("cancel", job, "--reason", "too large")[0] == "cancelled 1 task of 1 job\n"
    assert "too large" in sh("job", "show", job)[0]


def test_plan_submits_nothing(sh: Shell) -> None:
    before = sh("job", "ls", "-q")[0]
    assert "nothing keeps it" in sh("submit", "--plan", "--", "true")[0]
    sh("submit", "--plan", "--cpus", "512", "--", "true", code=1)
    assert sh("job", "ls", "-q")[0] == before


def test_submit_wait_logs_and_results(sh: Shell) -> None:
    job = sh("submit", "-q", "--name", "trainer", "--", "sh", "-c", "seq 5; echo e >&2; exit 4")[0].strip()
    sh("wait", job, code=4)
    assert sh("logs", job, "--stdout") == ("1\n2\n3\n4\n5\n", "")
    assert sh("logs", "trainer", "--tail", "2")[0] == "4\n5\n"
    assert sh("logs", job, "--stderr") == ("", "e\n")
    sh("logs", "-f", job, code=4)
    assert "exit code 4" in sh("job", "results", job)[0]
    assert "trainer" in sh("ps")[0]
    assert f"{job}.0" in sh("task", "ls", job)[0]
    assert "FAILED: exit code 4" in sh("task", "show", f"{job}.0")[0]
    assert sh("task", "attempts", job, "-q")[0] == f"{job}.0\n"


def test_what_is_shown_of_a_part_of_a_job_and_of_several_jobs(sh: Shell) -> None:
    job = sh("submit", "-q", "--array", "0-4", "--wait", "--", "true")[0].split()[0]
    assert sh("job", "results", "-q", f"{job}.1,3-4")[0].split() == ["1", "3", "4"]
    assert sh("job", "results", "-q", f"{job}.1-4", "--after", "2", "--limit", "1")[0].split() == ["3"]
    assert sh("job", "results", "-q", f"{job}.7")[0] == ""
    another = sh("submit", "-q", "--wait", "--", "true")[0].strip()
    for words in (["task", "ls"], ["job", "results"], ["explain"]):
        assert f"such as {another}" in sh(*words, f"{job},{another}", code=2)[1]
    assert f"say {job}" in sh("job", "close", f"{job}.0", code=2)[1]


def test_wait_with_a_limit(sh: Shell) -> None:
    job = sh("submit", "-q", "--", "sleep", "60")[0].strip()
    sh("wait", job, "--timeout", "100ms", code=124)
    assert sh("ps", "-q")[0].splitlines().count(job) == 1
    sh("cancel", job)
    sh("wait", job, code=130)
    sh("wait", job, "--exit-infra-only")


def test_wait_for_any(sh: Shell) -> None:
    slow = sh("submit", "-q", "--", "sleep", "60")[0].strip()
    quick = sh("submit", "-q", "--", "true")[0].strip()
    sh("wait", slow, quick, "--any")
    sh("cancel", slow)


def test_a_job_file(sh: Shell) -> None:
    (sh.cwd / "flow.yaml").write_text(
        "jobs:\n"
        "  prep: {run: 'touch made'}\n"
        "  use: {run: 'sh -c \"ls; echo $PACELINE_ENTRY\"', grid: {lr: [1e-3, 0.1]}, needs: [prep]}\n"
    )
    out, _ = sh("submit", "flow.yaml", "--wait")
    assert re.fullmatch(r"job \d+ prep\njob \d+ use\n", out)
    assert sh("logs", "use.1")[0] == 'flow.yaml\nmade\n{"lr":0.1}\n'


def test_the_same_submission_twice(sh: Shell) -> None:
    first = sh.json("submit", "--submit-id", "once", "--", "true")
    again = sh.json("submit", "--submit-id", "once", "--", "true")
    assert (first["again"], again["again"], first["jobs"]) == (False, True, again["jobs"])
    assert "was already used" in sh("submit", "--submit-id", "once", "--", "false", code=1)[1]


def test_one_after_the_other(sh: Shell) -> None:
    first = sh("submit", "-q", "--", "false")[0].strip()
    second = sh("submit", "-q", "--after", first, "--", "true")[0].strip()
    sh("wait", second, code=1)
    assert "DEPENDENCY" in sh("task", "show", second)[0]


def test_workers(sh: Shell, fleet: "Fleet") -> None:
    fleet.start_worker("spare", "--label", "spare=yes")
    assert "spare" in sh("worker", "ls")[0]
    job = sh("submit", "-q", "--label", "spare=yes", "--", "sleep", "60")[0].strip()
    assert sh("worker", "drain", "spare")[0].startswith("worker spare drains")
    assert "DRAINING" in sh("worker", "show", "spare")[0]
    sh("worker", "resume", "spare")
    assert "READY" in sh("worker", "show", "spare")[0]
    sh("worker", "drain", "spare")
    sh("cancel", job)
    assert fleet.workers["spare"].wait(PATIENCE) == 0
    assert "LEFT" in sh("worker", "show", "spare")[0]


def test_what_this_machine_would_offer(sh: Shell) -> None:
    machine = sh.json("worker", "probe", "--home", str(sh.cwd))["machine"]
    assert isinstance(machine, dict)
    assert machine["capacity"]["cpu"] > 0


def test_tokens_and_events(sh: Shell) -> None:
    out, _ = sh("token", "create", "--join", "--ttl", "1m")
    assert out.startswith("pl_join_")
    assert out.strip() not in sh("events")[0]
    for role, until in (("--read", []), ("--read", ["--ttl", "1h"])):
        (made,) = sh.lines("token", "create", role, *until)
        assert isinstance(made["token"], dict)
        assert bool(made["token"]["expires_at"]) == bool(until)
    assert sh.json("version")["server"] is not None


def test_what_does_not_exist(sh: Shell) -> None:
    sh("submit", "--name", "existing", "--wait", "--", "true")
    assert "did you mean 'existing'?" in sh("logs", "exsiting", code=2)[1]
    assert "its only task is 0" in sh("task", "show", "existing.5", code=2)[1]
    assert "did you mean 'w1'?" in sh("worker", "show", "w11", code=2)[1]


def test_a_wrong_token(sh: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACELINE_TOKEN", "pl_admin_wrong")
    error = sh.json("ps", code=77)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "NOT_ALLOWED"


def interrupted(process: "subprocess.Popen[str]", until: Callable[[str], bool], times: int) -> str:
    """Ctrl-C, so many times, each after a line of stderr that says it is time; all of stderr."""
    assert process.stderr is not None
    text = ""
    while times:
        line = process.stderr.readline()
        text += line
        assert line, text
        if until(line) or "Ctrl-C again" in line:
            process.send_signal(signal.SIGINT)
            times -= 1
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, (out, text + err)
    return text + err


def test_one_interrupt_lets_go_of_the_job(sh: Shell) -> None:
    running = sh.start("run", "--", "sh", "-c", "echo begun >&2; sleep 4; echo done")
    told = interrupted(running, lambda line: line == "begun\n", 1)
    job = told.split()[1]
    assert f"paceline logs -f {job}" in told
    sh("wait", job)
    assert sh("logs", job, "--stdout")[0] == "done\n"


def test_a_second_interrupt_cancels_it(sh: Shell) -> None:
    running = sh.start("run", "--", "sh", "-c", "echo begun >&2; sleep 60")
    told = interrupted(running, lambda line: line == "begun\n", 2)
    assert told.endswith("is cancelled\n")
    assert "CANCELLED" in sh("job", "show", told.split()[1])[0]


def test_every_attempt_is_shown(sh: Shell) -> None:
    out, _ = sh("run", "--retries", "1", "--shell", "echo attempt $PACELINE_ATTEMPT; exit 5", code=5)
    assert out == "attempt 1\nattempt 2\n"


def test_more_lines_than_a_message_holds(sh: Shell) -> None:
    (sh.cwd / "lines").write_text("".join(f"{n:099d}\n" for n in range(60_000)))
    words = ("--not-before", "2099-01-01T00:00:00Z", "--each-line", "lines", "--submit-id", "lines", "--", "true")
    job = sh("submit", "-q", *words)[0].strip()
    shown = sh("job", "show", job)[0]
    assert re.search(r"60000 waiting", shown), shown
    assert "0-59999" in shown
    assert "open" not in shown
    assert "0/60000" in sh("ps")[0]
    assert sh("submit", "-q", *words)[0].strip() == job
    assert sh("cancel", job)[0] == "cancelled 60000 tasks of 1 job\n"
