"""What a training script calls, with an agent that says what the test wants, and without any."""

import json
import multiprocessing
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from paceline.model.errors import PacelineError, Unreachable
from paceline.train import checkpoint, publish, requeue, restore, session, should_stop
from paceline.train.agent import Refused, ask
from paceline.train.folder import listed
from tests.mounts import small_disk

KEY = "3.17#2"
CARD = {"model": "random_forest", "task": "classification", "metrics": {"val_accuracy": 0.95}}


class ScriptedAgent:
    """Listens where an agent does; to each question in turn it says these lines, and hangs up."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "desk.sock"
        (directory / "checkpoints").mkdir()
        self.asked: list[dict[str, Any]] = []
        self.seen: list[Sequence[str]] = []  # files there were when it was asked
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(self.path))
        self._door.listen()
        self._thread = threading.Thread(target=self._serve)
        self._answers: list[Sequence[object]] = []

    def answer(self, *lines: object) -> None:
        """To the next question."""
        self._answers.append(lines)
        if not self._thread.ident:
            self._thread.start()

    def _serve(self) -> None:
        while self._answers:
            line, _ = self._door.accept()
            with line, line.makefile("rwb") as file:
                question = json.loads(file.readline())
                self.asked.append(question)
                folder = Path(question.get("folder", "/nowhere"))
                self.seen.append(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()))
                file.writelines(
                    each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n"
                    for each in self._answers.pop(0)
                )

    def close(self) -> None:
        if self._thread.ident:
            self._thread.join(10)
        self._door.close()


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAgent]:
    agent = ScriptedAgent(tmp_path)
    monkeypatch.setenv("PACELINE_AGENT", str(agent.path))
    session.enter(KEY, str(tmp_path / "reports.sock"))
    yield agent
    session.leave()
    agent.close()


def left(agent: ScriptedAgent) -> list[str]:
    """What lies where checkpoints are written."""
    return sorted(path.name for path in (agent.path.parent / "checkpoints").iterdir())


# ── outside Paceline ────────────────────────────────────────────────────────────────────────────────────────────────


def test_outside_paceline_nothing_is_kept_and_nothing_is_there(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with checkpoint(step=1) as folder:
        (folder / "state").write_text("1")
    assert not folder.exists()
    assert restore() is None
    assert should_stop() is False
    (tmp_path / "model").write_text("m")
    assert publish(tmp_path, CARD) == ""
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_requeue_is_exit_code_75() -> None:
    with pytest.raises(SystemExit) as caught:
        requeue()
    assert caught.value.code == 75


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_is_whole_when_the_agent_hears_of_it(agent: ScriptedAgent) -> None:
    agent.answer({"going": 1}, {"done": {}})
    with checkpoint(step=7, metric=0.5, best="max", keep=2) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "weights").write_bytes(b"w")
        (folder / "state").write_bytes(b"")
    [asked] = agent.asked
    assert {name: asked[name] for name in ("ask", "key", "step", "metric", "best", "keep")} == {
        "ask": "keep",
        "key": KEY,
        "step": 7,
        "metric": 0.5,
        "best": "max",
        "keep": 2,
    }
    assert [(file["name"], file["bytes"]) for file in asked["files"]] == [("deep/weights", 1), ("state", 0)]
    assert agent.seen == [["deep/weights", "state"]]
    assert Path(asked["folder"]).name.startswith(f"{KEY}-")
    assert left(agent) == [], "the server has it"


def test_what_raises_is_no_checkpoint(agent: ScriptedAgent) -> None:
    with pytest.raises(FileNotFoundError), checkpoint(step=1) as folder:
        (folder / "no such folder" / "state").write_text("1")
    assert left(agent) == []
    assert agent.asked == []


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"step": -1}, "checkpoint: step -1 is negative"),
        ({"step": 1, "keep": 0}, "checkpoint: keep=0: at least the newest is kept; the smallest is 1"),
        ({"step": 1, "best": "least"}, "checkpoint: best='least' is neither 'min' nor 'max'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint), checkpoint(**given):
        pytest.fail("the block was entered")


def _nothing(folder: Path) -> None:
    pass


def _link(folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")


@pytest.mark.parametrize(("write", "complaint"), [(_nothing, "there is nothing in it"), (_link, "only plain files")])
def test_a_folder_that_cannot_be_kept_is_refused(
    agent: ScriptedAgent, write: Callable[[Path], None], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint), checkpoint(step=1) as folder:
        write(folder)
    assert left(agent) == []


def test_a_metric_that_is_no_number_is_none(agent: ScriptedAgent) -> None:
    agent.answer({"done": {}})
    with checkpoint(step=1, metric=float("nan")) as folder:
        (folder / "state").write_text("1")
    assert agent.asked[0]["metric"] is None


def test_a_training_goes_on_when_its_checkpoint_cannot_be_kept(
    agent: ScriptedAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.answer({"refused": ["TRY_AGAIN", "the server accepts nothing new", "free some space"]})
    with checkpoint(step=1) as folder:
        (folder / "state").write_text("1")
    assert capsys.readouterr().err == (
        "paceline.train: checkpoint of step 1 is not kept: the server accepts nothing new\n"
    )
    assert left(agent) == [], "what nobody will read does not pile up"
    assert not should_stop()


def test_a_training_goes_on_where_nothing_can_be_written(
    agent: ScriptedAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    (agent.path.parent / "checkpoints").rmdir()
    with checkpoint(step=1) as folder:
        (folder / "state").write_text("1")
    said = capsys.readouterr().err
    assert said.startswith(
        f"paceline.train: checkpoint of step 1 is not kept: {folder.parent}: No such file or directory"
    )
    assert agent.asked == []
    assert not should_stop()


@pytest.mark.system
def test_a_training_goes_on_when_the_disk_is_full_whoever_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", "size=4m") as disk:
        (disk / "checkpoints").mkdir()
        monkeypatch.setenv("PACELINE_AGENT", str(disk / "desk.sock"))
        session.enter(KEY, "/nowhere")
        try:
            with checkpoint(step=1) as folder:
                try:
                    (folder / "weights").write_bytes(bytes(5 << 20))
                except OSError:
                    raise RuntimeError("the writer failed") from None
        finally:
            session.leave()
        assert capsys.readouterr().err == (
            f"paceline.train: checkpoint of step 1 is not kept: {disk / 'checkpoints'}: No space left on device "
            "(the writer failed)\n"
        )
        assert list((disk / "checkpoints").iterdir()) == []


def test_a_stale_attempt_hears_so_and_should_stop(agent: ScriptedAgent, capsys: pytest.CaptureFixture[str]) -> None:
    agent.answer({"refused": ["CONFLICT", f"attempt {KEY} is not the current one of its task", ""]})
    with checkpoint(step=1) as folder:
        (folder / "state").write_text("1")
    assert "checkpoint of step 1 does not count: attempt 3.17#2 is not the current one" in capsys.readouterr().err
    assert should_stop()
    assert left(agent) == []


# ── going on ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_found_is_given(agent: ScriptedAgent, capsys: pytest.CaptureFixture[str]) -> None:
    found = {"folder": "/there", "step": 4, "metric": None, "skipped": ["the checkpoint of step 5 is passed over"]}
    agent.answer({"done": found})
    done = restore()
    assert done is not None
    assert (done.path, done.step, done.metric) == (Path("/there"), 4, None)
    assert agent.asked == [{"ask": "restore", "key": KEY}]
    assert capsys.readouterr().err == "paceline.train: restore: the checkpoint of step 5 is passed over\n"


def test_none_is_none(agent: ScriptedAgent) -> None:
    agent.answer({"done": {"skipped": []}})
    assert restore() is None


def test_to_begin_anew_for_want_of_an_answer_would_be_worse_than_another_attempt(
    agent: ScriptedAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.answer({"refused": ["TRY_AGAIN", "not now", ""]})
    with pytest.raises(SystemExit) as caught:
        restore()
    assert caught.value.code == 75
    assert capsys.readouterr().err == "paceline.train: restore: not now; asks for another attempt\n"


# ── the conversation ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("broken", [(), ({"going": 5},), (b'{"do',)], ids=["at once", "on the way", "within a word"])
def test_an_agent_that_dies_on_the_way_is_asked_again(agent: ScriptedAgent, broken: Sequence[object]) -> None:
    agent.answer(*broken)
    agent.answer({"done": {"skipped": []}})
    assert restore() is None
    assert agent.asked == [{"ask": "restore", "key": KEY}] * 2


def test_nobody_is_waited_for_for_ever(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"the worker's agent did not answer for 0\.1 s"):
        ask(tmp_path / "nobody", {"ask": "restore"}, patience=0.1)


def test_a_refusal_says_why(agent: ScriptedAgent) -> None:
    agent.answer({"refused": ["USAGE", "card.metrics: missing", "say it"]})
    with pytest.raises(Refused, match=r"card\.metrics: missing") as caught:
        ask(agent.path, {"ask": "publish"})
    assert (caught.value.hint, caught.value.stale) == ("say it", False)


# ── models ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_is_published(agent: ScriptedAgent, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.skops").write_bytes(b"trees")
    agent.answer({"done": {"key": "random-forest-95p0"}})
    assert publish(folder, CARD) == "random-forest-95p0"
    [asked] = agent.asked
    assert (asked["ask"], asked["key"], asked["folder"], asked["card"]) == ("publish", KEY, str(folder), CARD)
    assert asked["files"] == listed(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["model.skops"], "the folder is as it was"


def test_a_model_that_is_refused_says_why(agent: ScriptedAgent, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "m").write_text("m")
    agent.answer({"refused": ["USAGE", "files: 'm.pkl' is a pickle", ""]})
    with pytest.raises(PacelineError, match="is a pickle"):
        publish(tmp_path / "model", CARD)


def test_a_pickle_is_refused_before_anybody_is_asked(agent: ScriptedAgent, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": [0.5]}))
    with pytest.raises(PacelineError, match=r"files: 'pytorch_model\.bin' is a pickle by its content"):
        publish(tmp_path / "model", CARD)
    assert agent.asked == []


def test_a_card_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        publish(tmp_path, {"model": object()})


# ── stopping ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_term_is_a_flag_for_who_looks_at_it(agent: ScriptedAgent) -> None:
    assert not should_stop()
    os.kill(os.getpid(), signal.SIGTERM)
    assert should_stop()
    session.enter("3.18#1", "/nowhere")
    assert not should_stop(), "another attempt was not asked"


def test_a_handler_of_the_programs_own_is_called_as_well(agent: ScriptedAgent) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        should_stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert should_stop()
        assert heard == [signal.SIGTERM]
    finally:
        session.leave()  # gives TERM back to that handler
        signal.signal(signal.SIGTERM, before)


def test_another_thread_may_look_but_cannot_listen(agent: ScriptedAgent) -> None:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(should_stop()))
    thread.start()
    thread.join()
    assert seen == [False]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def _load(told: Connection) -> None:
    told.send("loading")
    threading.Event().wait(30)


def test_a_child_that_nobody_looks_after_is_ended_by_term_as_ever(agent: ScriptedAgent) -> None:
    """Loaders of data are forked; they have our handler, and nobody in them looks at the flag."""
    should_stop()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_load, args=(theirs,))
    child.start()
    assert ours.recv() == "loading"
    child.terminate()
    child.join(10)
    assert child.exitcode == -signal.SIGTERM
    assert not should_stop()
