"""The entry: help that is quick, errors that help, and the promises that hold for every command."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from paceline.cli.main import Commands, cli, run

HEAVY = ("grpc", "asyncio", "rich", "yaml", "msgspec", "google", "psutil")


def every_command() -> Iterator[tuple[str, click.Command]]:
    def walk(group: click.Group, path: str, ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            yield f"{path}{name}", command
            if isinstance(command, click.Group):
                yield from walk(command, f"{path}{name} ", ctx)

    return walk(cli, "", click.Context(cli))


ALL = dict(every_command())


@pytest.fixture(autouse=True)
def _nobody_there(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A home in which no server ever ran."""
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("PACELINE_SERVER", raising=False)


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, paceline.cli.main; print([m for m in {HEAVY} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"


def test_the_table_says_what_the_commands_say() -> None:
    ctx = click.Context(cli)
    for name, text in Commands.table.items():
        command = cli.get_command(ctx, name)
        assert command is not None
        assert command.name == name
        assert text.endswith(".")


def test_without_words_comes_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "paceline up" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_has_json_and_quiet(name: str) -> None:
    command = ALL[name]
    options = {option for param in command.params for option in param.opts}
    bare_group = isinstance(command, click.Group) and not command.invoke_without_command
    assert bare_group or {"--json", "--quiet", "-q"} <= options


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = ALL[name]
    assert (command.help or "").strip().endswith(".")
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["pss"], "there is no command 'pss'", "did you mean 'ps'?"),
        (["frobnicate"], "there is no command 'frobnicate'", "commands: up, run"),
        (["job", "sohw"], "there is no command 'sohw'", "did you mean 'show'?"),
        (["ps", "--jsn"], "no such option '--jsn'", "did you mean --json?"),
        (["wait"], "missing argument 'SEL...'", "see paceline wait --help"),
        (["run"], "there is nothing to run", "paceline run -- COMMAND"),
        (["submit", "--cpus", "lots", "--", "ls"], "--cpus: cannot read 'lots'", "such as 4"),
        (["submit", "--retries", "-1", "--", "ls"], "invalid value for '--retries'", "see paceline submit --help"),
        (["token", "create"], "token: what for?", "paceline token create --join"),
        (["wait", "1", "--timeout", "soon"], "--timeout: cannot read 'soon'", "such as 30s"),
        (["worker", "--cpus", "none", "--server", "x"], "--cpus: cannot read 'none'", "such as 4"),
        (["worker", "--join-token-file", "nowhere", "--server", "x"], "--join-token-file: nowhere cannot be", ""),
        (["server", "--lease", "long"], "--lease: cannot read 'long'", "such as 30s"),
        (["worker", "--json", "ls"], "--json: stands before 'ls'", "paceline worker ls … --json"),
        (["up", "--cpus", "0"], "--cpus: '0' is not a positive number", "such as 0.5"),
    ],
)
def test_wrong_words_end_with_2(words: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(words)
    told = capsys.readouterr()
    assert code == 2
    text = told.err or json.dumps(json.loads(told.out)["error"], ensure_ascii=False)
    assert message in text
    assert hint in text


@pytest.mark.parametrize("words", [["ps"], ["run", "ls"], ["wait", "last"], ["worker", "ls"], ["worker"]])
def test_nobody_there_ends_with_69(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 69
    assert "hint: " in (told := capsys.readouterr().err)
    assert "paceline up" in told


def test_an_error_says_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["worker", "--join-token-file", "\x1b]0;mine\x07", "--server", "x"]) == 2
    assert "\\u001b]0;mine\\u0007 cannot be" in (told := capsys.readouterr().err)
    assert "\x1b" not in told


def test_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ps", "--json"]) == 69
    told = capsys.readouterr()
    assert told.err == ""
    answer = json.loads(told.out)
    assert answer["schema"] == "paceline/v1"
    assert answer["error"]["code"] == "UNREACHABLE"
    assert set(answer["error"]) == {"code", "message", "hint"}


def test_the_json_of_a_users_program_is_not_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "--", "tool", "--json"]) == 69
    assert capsys.readouterr().err.startswith("error: ")


def test_version_needs_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["server"] is None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    if run(["completion", shell]) != 0:
        pytest.skip(f"{shell} is too old here")
    assert "_PACELINE_COMPLETE" in capsys.readouterr().out


def test_completion_without_a_server_is_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_PACELINE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "paceline logs ")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit) as end:
        run([])
    assert end.value.code == 0
    assert capsys.readouterr().out.split() == ["plain,last", "plain,all"]


def test_an_error_in_colour_only_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    run(["pss"])
    assert "\x1b" not in capsys.readouterr().err
