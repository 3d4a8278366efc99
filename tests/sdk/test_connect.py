"""Where the server is, and what opens it: said > environment > home."""

import json
from pathlib import Path

import pytest

from paceline.model.errors import NotAllowed, Unreachable, UsageError
from paceline.sdk.connect import find


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path))
    for name in ("SERVER", "TOKEN", "TLS_CA", "TLS_CERT", "TLS_KEY"):
        monkeypatch.delenv(f"PACELINE_{name}", raising=False)
    return tmp_path


def run_server(home: Path, address: str = "127.0.0.1:50051") -> None:
    directory = home / "server"
    directory.mkdir()
    (directory / "server.json").write_text(json.dumps({"address": address, "pid": 1}))
    (directory / "admin.token").write_text("pl_admin_home\n")


def test_the_server_of_this_home_is_found(home: Path) -> None:
    run_server(home)
    found = find()
    assert (found.address, found.token) == ("127.0.0.1:50051", "pl_admin_home")


def test_the_environment_wins_over_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_server(home)
    monkeypatch.setenv("PACELINE_SERVER", "far.example:6000")
    monkeypatch.setenv("PACELINE_TOKEN", "pl_admin_env")
    monkeypatch.setenv("PACELINE_TLS_CA", "ca.pem")
    found = find()
    assert (found.address, found.token, found.tls.ca) == ("far.example:6000", "pl_admin_env", "ca.pem")


def test_what_is_said_wins_over_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACELINE_SERVER", "far.example:6000")
    monkeypatch.setenv("PACELINE_TOKEN", "pl_admin_env")
    found = find("near.example", "pl_admin_said")
    assert (found.address, found.token) == ("near.example:50051", "pl_admin_said")


def test_without_any_server_it_says_what_to_type() -> None:
    with pytest.raises(Unreachable, match="no Paceline server is known on this machine") as caught:
        find()
    assert "paceline up" in caught.value.hint
    assert any("paceline up" in note for note in caught.value.__notes__)  # what an uncaught error shows


def test_a_broken_note_of_the_server(home: Path) -> None:
    run_server(home)
    (home / "server" / "server.json").write_text("{")
    with pytest.raises(Unreachable, match="no Paceline server is known on this machine"):
        find()


def test_the_home_token_goes_to_no_other_server(home: Path) -> None:
    run_server(home)
    with pytest.raises(NotAllowed, match=r"no token for the server at far\.example:50051") as caught:
        find("far.example")
    assert "PACELINE_TOKEN" in caught.value.hint


def test_another_name_of_this_machine_is_the_same_server(home: Path) -> None:
    run_server(home)
    assert find("localhost:50051").token == "pl_admin_home"


def test_another_port_of_this_machine_is_another_server(home: Path) -> None:
    run_server(home)
    with pytest.raises(NotAllowed):
        find("localhost:6000")


def test_a_missing_token_file(home: Path) -> None:
    run_server(home)
    (home / "server" / "admin.token").unlink()
    with pytest.raises(NotAllowed, match="cannot be read: No such file"):
        find()


def test_a_token_without_a_home_is_enough(home: Path) -> None:
    assert find("far.example", "pl_admin_said").address == "far.example:50051"


@pytest.mark.parametrize("address", ["far.example:http", ":50051"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError, match=f"server: '{address}' is not an address"):
        find(address, "t")


def test_an_address_of_version_6() -> None:
    assert find("[::1]", "t").address == "[::1]:50051"


def test_a_file_of_settings_may_name_both(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "paceline").mkdir()
    (home / "paceline" / "config.toml").write_text('[server]\naddress = "far.example"\ntoken = "pl_admin_file"\n')
    (home / "paceline" / "config.toml").chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    found = find()
    assert (found.address, found.token) == ("far.example:50051", "pl_admin_file")


def test_a_server_that_only_a_project_names_is_shown_no_token(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "paceline.toml").write_text('[server]\naddress = "far.example"\n')
    monkeypatch.chdir(home)
    monkeypatch.setenv("PACELINE_TOKEN", "pl_admin_env")
    with pytest.raises(NotAllowed, match="named by the project's file alone") as caught:
        find()
    assert "PACELINE_SERVER=far.example:50051" in caught.value.hint
    monkeypatch.setenv("PACELINE_SERVER", "far.example:50051")
    assert find().token == "pl_admin_env"


def test_a_project_may_name_what_the_user_has_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "paceline.toml").write_text('[server]\naddress = "http://far.example:3000"\n')
    (home / "paceline").mkdir()
    (home / "paceline" / "config.toml").write_text('[server]\naddress = "far.example"\ntoken = "pl_admin_file"\n')
    (home / "paceline" / "config.toml").chmod(0o600)
    monkeypatch.chdir(home)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    assert find().token == "pl_admin_file"


def test_a_project_may_name_the_server_of_this_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_server(home)
    (home / "paceline.toml").write_text('[server]\naddress = "localhost"\n')
    monkeypatch.chdir(home)
    assert find().token == "pl_admin_home"


def test_names_of_older_systems_are_not_for_clients(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_server(home)
    monkeypatch.setenv("SERVER_ADDRESS", "far.example:6000")
    assert find().address == "127.0.0.1:50051"
