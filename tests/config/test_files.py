"""Files of settings: where they are looked for, and what is wrong with one is told with its line."""

import os
from pathlib import Path

import pytest

from paceline.config.files import PROJECT, USER, SettingsFile, files
from paceline.config.sources import found_files
from paceline.model.errors import UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "deep" / "down"
    folder.mkdir(parents=True)
    return tmp_path / "project"


def found(start: Path, config_home: Path = Path("/nowhere")) -> list[SettingsFile]:
    return list(files(start, config_home))


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_nearest_project_upwards_counts(project: Path) -> None:
    write(project / "paceline.toml", "[worker]\nmax_tasks = 1\n")
    near = write(project / "deep" / "paceline.toml", "[worker]\nmax_tasks = 2\n")
    (file,) = found(project / "deep" / "down")
    assert (file.path, file.whose, dict(file.values)) == (near, PROJECT, {"worker.max_tasks": 2})


def test_a_table_in_pyproject_is_as_good(project: Path) -> None:
    text = '[tool.other]\nbeat = 1\n\n[tool.paceline]\n\n[tool.paceline.server]\nbeat = "7s"\n'
    path = write(project / "pyproject.toml", text)
    (file,) = found(project / "deep")
    assert dict(file.values) == {"server.beat": "7s"}
    assert file.where("server.beat") == f"{path}, line 7"


def test_a_pyproject_of_something_else_is_passed_by(project: Path) -> None:
    write(project / "deep" / "pyproject.toml", "[tool.other]\nx = 1\n")
    path = write(project / "paceline.toml", "server.beat = 7\n")
    (file,) = found(project / "deep" / "down")
    assert (file.path, file.where("server.beat")) == (path, f"{path}, line 1")


def test_paceline_toml_goes_before_the_pyproject_beside_it(project: Path) -> None:
    write(project / "pyproject.toml", "[tool.paceline.server]\nbeat = 1\n")
    write(project / "paceline.toml", "[server]\nbeat = 2\n")
    assert [dict(file.values) for file in found(project)] == [{"server.beat": 2}]


def test_the_users_file_comes_after_the_projects(project: Path, tmp_path: Path) -> None:
    write(project / "paceline.toml", "")
    user = write(tmp_path / "config" / "paceline" / "config.toml", '[server]\ntoken = "pl_x"\n')
    assert [(file.path, file.whose) for file in found(project, tmp_path / "config")] == [
        (project / "paceline.toml", PROJECT),
        (user, USER),
    ]


def test_no_files_no_settings(project: Path) -> None:
    assert found(project) == []


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "[server]\nbeat = 1\n\nlaese = 2\n",
            "line 4: there is no setting 'server.laese'",
            "did you mean server.lease?",
        ),
        ('[worker]\nname.x = "a"\n', "line 2: there is no setting 'worker.name.x'", "did you mean worker.name?"),
        ("colour = 1\n", "line 1: there is no setting 'colour'", "paceline config show"),
        ("server = 1\n", "line 1: there is no setting 'server'", ""),
        ("[server\n", "is not TOML: Expected ']'", ""),
        ('[server]\ntoken = "x"\n', "line 2: server.token is not for a project's file", "PACELINE_TOKEN"),
        ('home = "/x"\n', "line 1: home is not for a project's file", "config.toml"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(project: Path, text: str, message: str, hint: str) -> None:
    path = write(project / "paceline.toml", text)
    with pytest.raises(UsageError) as refused:
        found(project)
    assert refused.value.message.startswith(str(path))
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_a_secret_that_others_may_read_is_refused(project: Path, tmp_path: Path) -> None:
    user = write(tmp_path / "paceline" / "config.toml", '[server]\ntoken = "pl_secret"\n', 0o644)
    with pytest.raises(UsageError, match=r"holds server\.token, and others may read it") as refused:
        found(project, tmp_path)
    assert refused.value.hint == f"chmod 600 {user}"
    assert "pl_secret" not in refused.value.message


def test_a_file_that_cannot_be_decoded(project: Path) -> None:
    (project / "paceline.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="is not TOML"):
        found(project)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_passed_over(project: Path) -> None:
    os.chown(write(project / "paceline.toml", "server.beat = 1\n"), 1, 1)
    (file,) = found(project)
    assert (dict(file.values), file.passed_over) == ({}, "it belongs to another user")


def test_a_directory_that_is_gone_has_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert found_files() == ()
