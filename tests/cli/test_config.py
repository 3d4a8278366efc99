"""``paceline config``, and settings as options of commands."""

import json
from pathlib import Path

import pytest

from paceline.cli.main import run


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project and a user of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("PACELINE_SERVER", "PACELINE_TOKEN", "PACELINE_WORKER_MAX_TASKS", "WORKER_ID", "MAX_CONCURRENT_TASKS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, object]]]:
    assert run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_show_says_where_each_value_comes_from(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "paceline.toml").write_text("[worker]\nmax_tasks = 4\n")
    monkeypatch.setenv("WORKER_ID", "w9")
    monkeypatch.setenv("PACELINE_TOKEN", "pl_admin_secret")
    found = said(["config", "show"], capsys)
    assert "pl_admin_secret" not in json.dumps(found)
    rows = {row["key"]: (row["value"], row["source"]) for row in found["settings"]}
    assert rows["worker.max_tasks"] == ("4", f"{place}/paceline.toml, line 2")
    assert rows["worker.name"] == ("w9", "WORKER_ID")
    assert rows["server.token"] == ("(set)", "PACELINE_TOKEN")
    assert rows["server.beat"] == ("5s", "default")
    assert [each["path"] for each in found["files"]] == [f"{place}/paceline.toml"]
    assert "WORKER_ID" in [each["name"] for each in found["aliases"]]


def test_show_is_a_table_for_people(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "pyproject.toml").write_text('[tool.paceline.server]\nbeat = "many"\n')
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://:password@redis")
    monkeypatch.setenv("PACELINE_SERVRE", "head")
    assert run(["config", "show"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("KEY ")
    assert f"server.beat: server.beat ({place}/pyproject.toml, line 2): cannot read 'many' as a duration" in told
    assert f"project file: {place}/pyproject.toml" in told
    assert "CELERY_BROKER_URL           nobody   there is no broker here" in told
    assert "PACELINE_SERVRE is set, and nothing reads it: did you mean PACELINE_SERVER?" in told
    assert "password" not in told


@pytest.mark.parametrize(
    "name", ["worker.max_tasks", "PACELINE_WORKER_MAX_TASKS", "--max-jobs", "MAX_CONCURRENT_TASKS"]
)
def test_explain_knows_a_setting_by_all_its_names(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "config" / "paceline").mkdir(parents=True)
    (place / "config" / "paceline" / "config.toml").write_text("worker.max_tasks = 7\n")
    monkeypatch.setenv("MAX_CONCURRENT_TASKS", "3")
    assert run(["config", "explain", name]) == 0
    told = capsys.readouterr().out
    assert told.startswith("worker.max_tasks: At most so many tasks at once.\n")
    assert "type      whole number: 4; 0: no bound\n" in told
    assert "alias     MAX_CONCURRENT_TASKS (TensorFleet, TensorFleet node), read by: worker\n" in told
    lines = [line.split() for line in told.splitlines()]
    assert ["MAX_CONCURRENT_TASKS", "3", "wins"] in lines
    assert [f"{place}/config/paceline/config.toml,", "line", "1"] in [line[:3] for line in lines]


def test_explain_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "explain", "server.beat", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["setting"]["variable"] == "PACELINE_SERVER_BEAT"
    assert found["verdicts"] == [
        {"read_by": ["server"], "places": [{"source": "default", "value": "5s", "verdict": "wins"}]}
    ]


def test_a_name_that_means_nothing_here_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "explain", "CELERY_BROKER_URL"]) == 0
    assert "there is no broker here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["config", "explain", "worker.maxtasks"], "there is no setting 'worker.maxtasks'", "did you mean worker.max"),
        (["config", "explain", "colour"], "there is no setting 'colour'", ""),
        (["config", "explain", "--reserve"], "--reserve is a flag of several", "server.reserve, worker.reserve"),
        (["server", "--port", "http"], "--port: 'http' is not a port", "65535"),
        (["server", "--beat", "0"], "--beat: must be above 0", "such as 5s"),
        (["server", "--beat", "10s", "--lease", "15s"], "--lease: 15s is less than two beats", "at least 20s"),
        (["server", "--catalog", "mongodb://u:p@h/d"], "--catalog: the URL holds a password", "PACELINE_CATALOG"),
        (["server", "--log-level", "loud"], "--log-level: there is no level 'loud'", ""),
        (["worker", "--max-jobs", "many", "--server", "x"], "--max-tasks: 'many' is not a whole number", "such as 4"),
        (["worker", "--scheduler", "ftp://head"], "--server: 'ftp://head' is not an address", "without ftp://"),
        (
            ["worker", "--task-timeout", "1 week", "--server", "x"],
            "--task-timeout: cannot read '1 week'",
            "such as 30s",
        ),
        (["worker", "--heartbeat-interval", "x", "--server", "x"], "--heartbeat-interval: cannot read 'x'", "30s"),
        (["worker", "--max-jobs", "2", "ls"], "--max-tasks: stands before 'ls'", "paceline worker ls"),
        (
            ["worker", "--server", "a", "--scheduler", "b"],
            "--server, --server-address, --scheduler: said twice: 'a' and 'b'",
            "names of one setting",
        ),
        (
            ["worker", "--server", "a", "--label", "a=1", "--label", "a=2"],
            "--label: the label 'a' is said twice",
            "once",
        ),
        (["up", "--port", "-1"], "--port: '-1' is not a port", "65535"),
    ],
)
def test_wrong_words_are_told(words: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    told = capsys.readouterr().err
    assert message in told
    assert hint in told


def test_a_wrong_file_is_told_by_whatever_reads_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "paceline.toml").write_text("[worker]\nmax_task = 4\n")
    assert run(["ps"]) == 2
    told = capsys.readouterr().err
    assert f"{place}/paceline.toml, line 2: there is no setting 'worker.max_task'" in told
    assert "did you mean worker.max_tasks?" in told


def test_no_key_goes_to_a_server_that_only_a_project_names(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "paceline.toml").write_text('[server]\naddress = "far.example"\n')
    assert run(["worker"]) == 77
    told = capsys.readouterr().err
    assert "far.example:50051 is named by the project's file alone" in told
    assert "PACELINE_SERVER=far.example:50051" in told


def test_what_a_worker_offers_follows_the_old_names(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("MAX_CONCURRENT_TASKS", "3"), ("EXPERIMENT_ID", "exp_1"), ("COMPUTE_RESOURCE_ID", "slurm_01")):
        monkeypatch.setenv(name, value)
    machine = json.loads(json.dumps(said(["worker", "probe", "--label", "site=lab"], capsys)))["machine"]
    assert machine["capacity"]["tasks"] == 3
    assert machine["labels"] == [["site", "lab"], ["experiment", "exp_1"], ["compute_resource", "slurm_01"]]
