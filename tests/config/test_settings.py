"""What must hold of the table of settings, and the names that it owes to the older systems."""

import pytest

from paceline.config.setting import ALL, Setting
from paceline.config.settings import FOREIGN, TABLE

ENVIRONMENT = (
    *("WORKER_ID", "ORCHESTRATOR_ADDRESS", "SERVER_ADDRESS", "SERVER_PORT", "WORKER_PORT", "METRICS_PORT"),
    *("HEARTBEAT_INTERVAL", "TASK_TIMEOUT", "MAX_CONCURRENT_TASKS", "LOG_LEVEL", "WORKING_DIR", "EXPERIMENT_ID"),
    *("COMPUTE_RESOURCE_ID", "GRPC_KEEPALIVE_TIME", "GRPC_KEEPALIVE_TIMEOUT", "GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS"),
)
FLAGS = (
    *("--server-address", "--worker-id", "--working-dir", "--heartbeat-interval", "--task-timeout", "--log-level"),
    *("--experiment-id", "--compute-resource-id", "--scheduler", "--max-jobs", "--metrics-port"),
)


@pytest.mark.parametrize("name", [*ENVIRONMENT, *FLAGS])
def test_every_name_of_the_older_systems_is_known(name: str) -> None:
    assert [each.key for each in TABLE if name in each.names]


@pytest.mark.parametrize("name", ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CELERY_TRACE"])
def test_what_cannot_mean_anything_says_why(name: str) -> None:
    (alias,) = [each for each in FOREIGN if each.name == name]
    assert alias.note
    assert not alias.readers


def test_keys_and_variables_are_unique() -> None:
    keys = [each.key for each in TABLE]
    variables = [each.variable for each in TABLE] + [alias.name for each in TABLE for alias in each.aliases]
    assert len(keys) == len(set(keys))
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize("setting", TABLE, ids=lambda each: str(each.key))
def test_every_setting_explains_itself(setting: Setting[object]) -> None:
    assert setting.help.endswith(".")
    assert setting.default or setting.otherwise
    assert set(setting.readers) <= set(ALL)
    assert not setting.default or setting.parse(setting.default, setting.key) is not None
    for alias in setting.aliases:
        assert set(alias.readers) <= set(setting.readers)


def test_a_secret_has_no_place_in_a_projects_file() -> None:
    assert all(each.personal for each in TABLE if each.secret)
