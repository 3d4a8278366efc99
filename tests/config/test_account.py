"""The account that ``paceline config`` gives."""

from pathlib import Path

from paceline.config.account import heard, rows, verdicts
from paceline.config.files import PROJECT, SettingsFile
from paceline.config.setting import ALL
from paceline.config.settings import TABLE
from paceline.config.settings.client import SERVER_ADDRESS, TOKEN
from paceline.config.settings.server import BEAT
from paceline.config.sources import Settings


def worlds(*files: SettingsFile, **environment: str) -> list[Settings]:
    return [Settings(process=each, environment=environment, files=files) for each in ALL]


def test_every_setting_has_a_row_for_everybody_who_reads_it() -> None:
    found = list(rows(worlds()))
    assert [(each.key, each.read_by) for each in found] == [(each.key, each.readers) for each in TABLE]
    assert all(each.value and each.source == "default" for each in found)


def test_who_sees_it_differently_has_a_row_of_his_own() -> None:
    found = [each for each in rows(worlds(ORCHESTRATOR_ADDRESS="head")) if each.key == "server.address"]
    assert [(each.value, each.source, each.read_by) for each in found] == [
        ("the one that runs from this home", "default", ("client",)),
        ("head", "ORCHESTRATOR_ADDRESS", ("worker",)),
    ]


def test_secrets_are_never_shown() -> None:
    said = worlds(PACELINE_TOKEN="pl_secret", PACELINE_JOIN_TOKEN="pl_secret", PACELINE_CATALOG="mongodb://u:secret@h")
    told = [repr([*rows(said)]), *(repr(verdicts(each, said)) for each in TABLE), repr([*heard(said[0].environment)])]
    assert "secret" not in "".join(told)
    assert [each.value for each in rows(said) if each.value == "(set)"] == ["(set)"] * 3
    assert verdicts(TOKEN, said)["client",][0].value == "(set)"


def test_a_value_that_is_none_is_shown_with_the_reason() -> None:
    (row,) = [each for each in rows(worlds(HEARTBEAT_INTERVAL="bad")) if each.key == "server.beat"]
    assert (row.value, row.source) == ("bad", "HEARTBEAT_INTERVAL")
    assert row.trouble.startswith("HEARTBEAT_INTERVAL: cannot read 'bad' as a duration")


def test_losers_are_told_why_they_lost() -> None:
    file = SettingsFile(path=Path("/p/paceline.toml"), whose=PROJECT, values={"server.beat": 3}, lines={})
    judged = verdicts(BEAT, worlds(file, PACELINE_SERVER_BEAT="1s", HEARTBEAT_INTERVAL="2s"))
    assert [(each.source, each.value, each.verdict) for each in judged["server",]] == [
        ("PACELINE_SERVER_BEAT", "1s", "wins"),
        ("HEARTBEAT_INTERVAL", "2s", "comes after PACELINE_SERVER_BEAT"),
        ("/p/paceline.toml", "3", "comes after PACELINE_SERVER_BEAT"),
        ("default", "5s", "comes after PACELINE_SERVER_BEAT"),
    ]


def test_what_became_of_a_port() -> None:
    def port(**environment: str) -> str:
        (found,) = [each for each in verdicts(SERVER_ADDRESS, worlds(**environment))["worker",] if each.value == "7000"]
        return found.verdict

    assert port(SERVER_ADDRESS="head", SERVER_PORT="7000") == "is the port of SERVER_ADDRESS"
    assert port(SERVER_ADDRESS="head:1", SERVER_PORT="7000") == "is not used: SERVER_ADDRESS says one"
    assert "is not set" in port(SERVER_PORT="7000")


def test_an_alias_that_is_not_ones_own_is_said_to_be_unread() -> None:
    judged = verdicts(SERVER_ADDRESS, worlds(ORCHESTRATOR_ADDRESS="head"))
    assert [(each.source, each.verdict) for each in judged["client",]] == [
        ("default", "wins"),
        ("ORCHESTRATOR_ADDRESS", "is not read: only a worker reads it"),
    ]


def test_names_of_older_systems_that_are_set_are_listed() -> None:
    said = {"HEARTBEAT_INTERVAL": "1s", "CELERY_RESULT_BACKEND": "redis://", "SERVER_PORT": "1", "HOME": "/"}
    assert [(each.name, each.key, each.read_by) for each in heard(said)] == [
        ("SERVER_PORT", "server.address", ("worker",)),
        ("HEARTBEAT_INTERVAL", "server.beat", ("server",)),
        ("CELERY_RESULT_BACKEND", "", ()),
    ]
