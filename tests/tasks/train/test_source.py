"""Tables by URL: fetched by the worker, from a server that answers well, badly, or not at all."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paceline.model.errors import UsageError
from paceline.tasks.train import check
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.source import fetched
from paceline.tasks.train.split import prepare

TABLE = b"size,y\n" + b"".join(b"%d,%d\n" % (i, i % 2) for i in range(20))


class Shelf(BaseHTTPRequestHandler):
    """Has one table, and loses half of another one on the way."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path not in ("/good table.csv".replace(" ", "%20"), "/half.csv"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(TABLE)))
        self.end_headers()
        self.wfile.write(TABLE if "good" in path else TABLE[:50])

    def log_message(self, *words: object) -> None:  # signature of the base class
        """Nothing."""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_a_table_is_fetched_and_nothing_of_it_stays(shelf: str) -> None:
    url = f"{shelf}/good%20table.csv?version=3"
    with fetched(TrainParams(data=url, validation_data=url)) as here:
        assert Path(here.data).name == "good table.csv"
        assert Path(here.data).read_bytes() == TABLE
        assert prepare(here).target == "y"
    assert list(Path().iterdir()) == []


def test_a_file_has_a_url_too(tmp_path: Path) -> None:
    with fetched(TrainParams(data=f"file://{tmp_path}/t%201.csv")) as here:
        assert here.data == f"{tmp_path}/t 1.csv"


def test_a_path_stays_what_it_is() -> None:
    params = TrainParams(data="t.csv")
    with fetched(params) as here:
        assert here is params


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/none.csv", "answers 404 Not Found"),
        ("/half.csv", "broke off: 50 of 97 bytes came"),
    ],
)
def test_what_does_not_come_is_said(shelf: str, path: str, why: str) -> None:
    with pytest.raises(UsageError) as caught, fetched(TrainParams(data=shelf + path)):
        pass
    assert caught.value.message == f"train.data: {shelf + path!r} {why}"
    assert list(Path().iterdir()) == []


def test_nobody_there(shelf: str) -> None:
    nobody = "http://127.0.0.1:1/t.csv"
    with pytest.raises(UsageError) as caught, fetched(TrainParams(data="t.csv", validation_data=nobody)):
        pass
    assert caught.value.message.startswith(f"train.validation_data: cannot fetch {nobody!r}: ")
    assert "refused" in caught.value.message
    assert caught.value.hint == "it is the worker that fetches it"


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        (
            "s3://bucket/t.csv",
            "train.data: 's3://bucket/t.csv' cannot be fetched",
            "one of https, http, file, or a path",
        ),
        ("http://a/t.txt", "train.data: 'http://a/t.txt' is not a kind of file that can be read", "one of .csv"),
        (
            "http://me:secret@a/t.csv",
            "train.data: a URL with a password would be seen by everybody",
            "fetch it in a job",
        ),
    ],
)
def test_urls_that_are_refused_before_anything_runs(url: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(TrainParams(data=url))
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)
    assert "secret" not in str(caught.value)
