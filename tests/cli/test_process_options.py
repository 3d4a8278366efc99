"""What settings make of a server and of a worker."""

from pathlib import Path

import pytest

from paceline.cli.commands.up import dealt
from paceline.cli.process_options import server_options, worker_options
from paceline.config import KeepAlive, ServerOptions, WorkerOptions
from paceline.config.sources import Settings
from paceline.model.errors import UsageError


def server(**environment: str) -> ServerOptions:
    found = Settings(process="server", environment={"PACELINE_HOME": "/h", **environment})
    return server_options(found, "", contents=False)


def worker(**environment: str) -> WorkerOptions:
    found = Settings(process="worker", environment={"PACELINE_HOME": "/h", **environment})
    return worker_options(found, "head:50051", "")


def test_with_nothing_said_they_are_what_they_are_by_default() -> None:
    assert server() == ServerOptions(home=Path("/h"))
    assert worker() == WorkerOptions(server="head:50051", home=Path("/h"))


@pytest.mark.parametrize(
    ("said", "beat", "lease"),
    [
        ({"HEARTBEAT_INTERVAL": "30s"}, 30.0, 120.0),
        ({"HEARTBEAT_INTERVAL": "1s"}, 1.0, 20.0),
        ({"HEARTBEAT_INTERVAL": "30s", "PACELINE_SERVER_LEASE": "1m"}, 30.0, 60.0),
        ({"PACELINE_SERVER_LEASE": "10s"}, 5.0, 10.0),
    ],
)
def test_a_lease_lasts_for_several_beats(said: dict[str, str], beat: float, lease: float) -> None:
    options = server(**said)
    assert (options.beat, options.lease) == (beat, lease)


def test_a_lease_shorter_than_two_beats_is_refused() -> None:
    with pytest.raises(UsageError, match="PACELINE_SERVER_LEASE: 9s is less than two beats") as refused:
        server(PACELINE_SERVER_LEASE="9s")
    assert refused.value.hint == "at least 10s, or a shorter --beat"


def test_a_port_that_somebody_chose_is_not_exchanged_for_another() -> None:
    chosen = server(PACELINE_SERVER_HTTP_PORT="3000")
    assert (chosen.http_port, chosen.http_elsewhere) == (3000, False)
    assert (server().http_port, server().http_elsewhere) == (3000, True)


def test_a_worker_as_the_older_systems_told_it() -> None:
    options = worker(
        WORKER_ID="worker_1",
        MAX_CONCURRENT_TASKS="3",
        TASK_TIMEOUT="1h",
        WORKING_DIR="/scratch",
        WORKER_PORT="6052",
        METRICS_PORT="9091",
        EXPERIMENT_ID="exp_1",
        COMPUTE_RESOURCE_ID="slurm_01",
        PACELINE_WORKER_LABELS="site=lab",
        GRPC_KEEPALIVE_TIME="30s",
        GRPC_KEEPALIVE_TIMEOUT="5s",
        GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS="true",
        LOG_LEVEL="DEBUG",
    )
    assert (options.name, options.max_tasks, options.task_timeout) == ("worker_1", 3, 3600.0)
    assert options.scratch == Path("/scratch/worker_1/scratch")
    assert (options.status_port, options.metrics_port, options.log.level) == (6052, 9091, "debug")
    assert options.labels == (("site", "lab"), ("experiment", "exp_1"), ("compute_resource", "slurm_01"))
    assert options.keepalive == KeepAlive(time=30.0, timeout=5.0, idle=True)


@pytest.mark.parametrize(
    ("labels", "said", "experiment"),
    [
        ("experiment=a", {"EXPERIMENT_ID": "b"}, "a"),
        ("experiment=a", {"EXPERIMENT_ID": "a"}, "a"),
        ("experiment=a,experiment=a", {}, "a"),
        ("site=lab", {"EXPERIMENT_ID": "b"}, "b"),
    ],
)
def test_a_label_has_one_value(labels: str, said: dict[str, str], experiment: str) -> None:
    found = worker(PACELINE_WORKER_LABELS=labels, **said).labels
    assert [value for key, value in found if key == "experiment"] == [experiment]


def test_a_flag_is_above_a_label_that_a_variable_names() -> None:
    environment = {"PACELINE_HOME": "/h", "PACELINE_WORKER_LABELS": "experiment=a"}
    found = Settings(process="worker", flags={"worker.experiment": "b"}, environment=environment)
    assert worker_options(found, "head:50051", "").labels == (("experiment", "b"),)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"PACELINE_WORKER_LABELS": "site=lab,site=home"},
            "PACELINE_WORKER_LABELS: the label 'site' is said twice: 'lab' and 'home'",
        ),
        (
            {"PACELINE_WORKER_LABELS": "experiment=a", "PACELINE_WORKER_EXPERIMENT": "b"},
            "PACELINE_WORKER_LABELS and PACELINE_WORKER_EXPERIMENT say different things of the label 'experiment'",
        ),
    ],
)
def test_a_label_that_is_said_in_two_ways_is_refused(said: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        worker(**said)
    assert (refused.value.message, refused.value.hint) == (message, "say it once")


def test_asking_all_the_time_whether_somebody_is_there_is_refused() -> None:
    with pytest.raises(UsageError, match="GRPC_KEEPALIVE_TIME: must be a second at least") as refused:
        worker(GRPC_KEEPALIVE_TIME="100ms")
    assert "30s" in refused.value.hint


def test_the_gpus_that_a_worker_offers_are_a_list() -> None:
    assert worker(PACELINE_WORKER_GPUS="0, GPU-3f").gpus == ("0", "GPU-3f")


@pytest.mark.parametrize(
    ("devices", "workers", "words"),
    [
        ("abc", 2, [("--gpus", "a,c"), ("--gpus", "b")]),
        ("a", 2, [("--gpus", "a"), ("--gpus", "none")]),
        ("", 2, [(), ()]),
        ("ab", 1, [("--gpus", "a,b")]),
        ("", 0, []),
    ],
)
def test_workers_of_one_machine_share_its_gpus(devices: str, workers: int, words: list[tuple[str, ...]]) -> None:
    assert dealt(devices, workers) == words
