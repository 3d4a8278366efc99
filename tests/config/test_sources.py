"""Where values come from: flag > PACELINE_… > alias > project file > user file > default."""

from pathlib import Path

import pytest

from paceline.config.files import PROJECT, USER, SettingsFile
from paceline.config.setting import Setting
from paceline.config.settings.client import SERVER_ADDRESS, TOKEN
from paceline.config.settings.server import BEAT, LEASE, PROFILE, SERVER_GRPC_PORT, SERVER_RESERVE, STORE
from paceline.config.settings.shared import KEEPALIVE_IDLE, KEEPALIVE_TIME, LOG_LEVEL
from paceline.config.settings.worker import LABELS, MAX_TASKS, METRICS_PORT, OFFERED_CPUS, TASK_TIMEOUT, WORKER_NAME
from paceline.config.sources import Settings, misspelt
from paceline.model.errors import UsageError


def file(whose: str, **values: object) -> SettingsFile:
    """Keys are written with two underscores for the dot."""
    said = {key.replace("__", "."): value for key, value in values.items()}
    return SettingsFile(
        path=Path(f"/p/{whose.split()[0]}.toml"), whose=whose, values=said, lines=dict.fromkeys(said, 3)
    )


def world(process: str, *files: SettingsFile, **environment: str) -> Settings:
    return Settings(process=process, environment=environment, files=files)


def flagged(key: str, value: str, **environment: str) -> Settings:
    return Settings(process="worker", flags={key: value}, environment=environment)


# ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_place_gives_way_to_the_one_before() -> None:
    files = (file(PROJECT, worker__max_tasks=4), file(USER, worker__max_tasks=5))
    ours, theirs = {"PACELINE_WORKER_MAX_TASKS": "2"}, {"MAX_CONCURRENT_TASKS": "3"}
    seen = [
        flagged("worker.max_tasks", "1", **ours, **theirs),
        world("worker", *files, **ours, **theirs),
        world("worker", *files, **theirs),
        world("worker", *files),
        world("worker", files[1]),
        world("worker", file(USER)),
    ]
    assert [each.of(MAX_TASKS) for each in seen] == [1, 2, 3, 4, 5, 0]
    sources = [winner.source if (winner := each.winner(MAX_TASKS)) else "" for each in seen]
    assert sources == [
        "--max-tasks",
        "PACELINE_WORKER_MAX_TASKS",
        "MAX_CONCURRENT_TASKS",
        "/p/project.toml, line 3",
        "/p/user.toml, line 3",
        "",
    ]


def test_what_is_empty_says_nothing() -> None:
    found = world("server", PACELINE_SERVER_BEAT="", HEARTBEAT_INTERVAL="7s")
    assert found.of(BEAT) == 7.0


def test_an_alias_is_read_by_those_it_is_for_only() -> None:
    said = {"WORKER_ID": "w", "ORCHESTRATOR_ADDRESS": "head", "LOG_LEVEL": "DEBUG"}
    assert world("worker", **said).of(SERVER_ADDRESS) == "head:50051"
    assert world("client", **said).of(SERVER_ADDRESS) == ""
    assert world("server", **said).of(LOG_LEVEL) == "debug"


def test_two_aliases_must_say_the_same() -> None:
    with pytest.raises(UsageError) as refused:
        world("worker", SERVER_ADDRESS="b", ORCHESTRATOR_ADDRESS="a").of(SERVER_ADDRESS)
    assert refused.value.message == "ORCHESTRATOR_ADDRESS and SERVER_ADDRESS say different things: 'a' and 'b'"
    assert refused.value.hint == "unset one of them, or set PACELINE_SERVER"
    same = {"SERVER_ADDRESS": "a", "SERVER_PORT": "50051", "ORCHESTRATOR_ADDRESS": "a"}
    assert world("worker", **same).of(SERVER_ADDRESS) == "a:50051"


@pytest.mark.parametrize("above", [{"PACELINE_SERVER": "c"}, {}])
def test_what_two_aliases_say_is_nothing_to_who_is_above_them(above: dict[str, str]) -> None:
    said = {"SERVER_ADDRESS": "b", "ORCHESTRATOR_ADDRESS": "a", **above}
    found = world("worker", **said) if above else flagged("server.address", "c", **said)
    assert found.of(SERVER_ADDRESS) == "c:50051"


# ── the names of older systems ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({"SERVER_ADDRESS": "head"}, "head:50051"),
        ({"SERVER_ADDRESS": "head:6000"}, "head:6000"),
        ({"SERVER_ADDRESS": "head", "SERVER_PORT": "7000"}, "head:7000"),
        ({"SERVER_ADDRESS": "head:6000", "SERVER_PORT": "7000"}, "head:6000"),
        ({"SERVER_ADDRESS": "[::1]", "SERVER_PORT": "7000"}, "[::1]:7000"),
        ({"SERVER_ADDRESS": "http://head:3000", "SERVER_PORT": "7000"}, "head:50051"),
        ({"ORCHESTRATOR_ADDRESS": "orchestrator:50051"}, "orchestrator:50051"),
        ({"SERVER_PORT": "7000"}, ""),
    ],
)
def test_both_meanings_of_server_address(said: dict[str, str], address: str) -> None:
    assert world("worker", **said).of(SERVER_ADDRESS) == address


def test_a_url_stands_for_its_host() -> None:
    found = flagged("server.address", "http://localhost:3000")
    assert found.of(SERVER_ADDRESS) == "localhost:50051"


@pytest.mark.parametrize("text", ["300s", "5m", "300", "00:05:00"])
def test_every_system_wrote_durations_its_own_way(text: str) -> None:
    assert world("worker", TASK_TIMEOUT=text).of(TASK_TIMEOUT) == 300.0


@pytest.mark.parametrize("text", ["INFO", "info", "Info"])
def test_levels_are_read_in_any_case(text: str) -> None:
    assert world("worker", LOG_LEVEL=text).of(LOG_LEVEL) == "info"


def test_everything_an_older_worker_was_told() -> None:
    said = {
        "WORKER_ID": "python-worker-001",
        "MAX_CONCURRENT_TASKS": "3",
        "METRICS_PORT": "9091",
        "GRPC_KEEPALIVE_TIME": "30s",
        "GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS": "true",
    }
    found = world("worker", **said)
    assert found.of(WORKER_NAME) == "python-worker-001"
    assert found.of(MAX_TASKS) == 3
    assert found.of(METRICS_PORT) == 9091
    assert found.of(KEEPALIVE_TIME) == 30.0
    assert found.of(KEEPALIVE_IDLE) is True


def test_what_a_worker_does_not_hear_is_said() -> None:
    said = {"HEARTBEAT_INTERVAL": "30s", "CELERY_BROKER_URL": "redis://redis:6379/0", "WORKER_ID": "w"}
    assert dict(world("worker", **said).unread()) == {
        "CELERY_BROKER_URL": "there is no broker here: workers dial the server",
        "HEARTBEAT_INTERVAL": "the server sets the beat of all workers",
    }
    assert [name for name, _ in world("server", **said).unread()] == ["CELERY_BROKER_URL"]
    assert [*world("client", **said).unread()] == []


def test_a_variable_that_is_nearly_ours_is_told() -> None:
    said = {
        "PACELINE_WORKER_MAXTASKS": "3",
        "PACELINE_TASK_ID": "3.17",
        "PACELINE_SUPERVISOR": "x",
        "PACELINE_HOME": "/",
    }
    assert [*misspelt(said)] == [("PACELINE_WORKER_MAXTASKS", "PACELINE_WORKER_MAX_TASKS")]
    assert dict(world("worker", **said).unread()) == {
        "PACELINE_WORKER_MAXTASKS": "did you mean PACELINE_WORKER_MAX_TASKS?"
    }


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_may_say_numbers_and_lists() -> None:
    said = file(
        PROJECT,
        server__beat=7,
        server__profile=True,
        server__port=0,
        worker__cpus=0.5,
        worker__labels=["site=lab", "disk=ssd"],
    )
    assert world("server", said).of(BEAT) == 7.0
    assert world("server", said).of(PROFILE) is True
    assert world("server", said).of(SERVER_GRPC_PORT) == 0
    assert world("worker", said).of(OFFERED_CPUS) == 0.5
    assert world("worker", said).of(LABELS) == (("site", "lab"), ("disk", "ssd"))


def test_a_list_in_a_variable_has_commas() -> None:
    assert world("worker", PACELINE_WORKER_LABELS="site=lab, disk=ssd").of(LABELS) == (("site", "lab"), ("disk", "ssd"))


def test_a_path_in_a_file_is_seen_from_there() -> None:
    assert world("server", file(PROJECT, server__store="state/a.db")).of(STORE) == "/p/state/a.db"
    assert world("server", file(PROJECT, server__store="/b.db")).of(STORE) == "/b.db"
    assert world("server", file(PROJECT, server__store="memory")).of(STORE) == "memory"
    assert world("server", PACELINE_SERVER_STORE="a.db").of(STORE) == "a.db"


# ── what is wrong ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("setting", "said", "message", "hint"),
    [
        (BEAT, {"PACELINE_SERVER_BEAT": "soon"}, "PACELINE_SERVER_BEAT: cannot read 'soon' as a duration", "30s"),
        (BEAT, {"HEARTBEAT_INTERVAL": "30 bananas"}, "HEARTBEAT_INTERVAL: cannot read '30 bananas'", "30s"),
        (SERVER_RESERVE, {"PACELINE_SERVER_RESERVE": "512"}, "PACELINE_SERVER_RESERVE: '512' has no unit", "512GiB"),
        (SERVER_GRPC_PORT, {"PACELINE_SERVER_PORT": "70000"}, "PACELINE_SERVER_PORT: '70000' is not a port", "65535"),
        (
            MAX_TASKS,
            {"MAX_CONCURRENT_TASKS": "many"},
            "MAX_CONCURRENT_TASKS: 'many' is not a whole number",
            "such as 4",
        ),
        (MAX_TASKS, {"MAX_CONCURRENT_TASKS": "-1"}, "MAX_CONCURRENT_TASKS: '-1' is not a whole number", "such as 4"),
        (WORKER_NAME, {"WORKER_ID": "../w"}, "WORKER_ID: '../w' cannot be a worker's name", "without a slash"),
        (WORKER_NAME, {"WORKER_ID": ".."}, "WORKER_ID: '..' cannot be a worker's name", "such as gpu-3"),
        (LOG_LEVEL, {"LOG_LEVEL": "infoo"}, "LOG_LEVEL: there is no level 'infoo'", "did you mean info?"),
        (METRICS_PORT, {"METRICS_PORT": "abc"}, "METRICS_PORT: 'abc' is not a port", "0 (any free one)"),
        (
            SERVER_ADDRESS,
            {"ORCHESTRATOR_ADDRESS": "a b"},
            "ORCHESTRATOR_ADDRESS: 'a b' is not an address",
            "gpu-box:50051",
        ),
        (
            SERVER_ADDRESS,
            {"SERVER_ADDRESS": "redis://a"},
            "SERVER_ADDRESS: 'redis://a' is not an address",
            "without redis://",
        ),
        (SERVER_ADDRESS, {"SERVER_ADDRESS": "a", "SERVER_PORT": "x"}, "SERVER_PORT: 'x' is not a port", "65535"),
        (
            KEEPALIVE_IDLE,
            {"GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS": "maybe"},
            "GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS: 'maybe' is neither yes nor no",
            "true or false",
        ),
        (SERVER_ADDRESS, {"SERVER_ADDRESS": "::1"}, "SERVER_ADDRESS: '::1' is not an address", "[::1]:50051"),
        (LABELS, {"PACELINE_WORKER_LABELS": "lab"}, "PACELINE_WORKER_LABELS: 'lab'", ""),
    ],
)
def test_a_wrong_value_names_its_source(
    setting: Setting[object], said: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        world(setting.readers[-1], **said).of(setting)
    assert refused.value.message.startswith(message)
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "server.lease (/p/project.toml, line 3): True is not a duration"),
        ([20], "server.lease (/p/project.toml, line 3): [20] is not a duration"),
        ("20 apples", "server.lease (/p/project.toml, line 3): cannot read '20 apples' as a duration"),
    ],
)
def test_a_wrong_value_in_a_file_names_its_line(value: object, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        world("server", file(PROJECT, server__lease=value)).of(LEASE)
    assert refused.value.message == message
    assert "30s" in refused.value.hint


def test_a_secret_of_the_wrong_type_is_not_told() -> None:
    with pytest.raises(UsageError) as refused:
        world("client", file(USER, server__token=12345)).of(TOKEN)
    assert refused.value.message == "server.token (/p/user.toml, line 3): a secret is not a text"
