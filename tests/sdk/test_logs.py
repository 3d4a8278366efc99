"""Reading output: page by page, across restarts of the server, attempt after attempt."""

from paceline.model.errors import PacelineError
from paceline.model.ids import JobId, TaskId
from paceline.model.views import LogPage
from paceline.sdk.client import Client
from paceline.wire.gen import fleet_pb2 as fleet
from tests.sdk.fleet import FakeFleet
from tests.sdk.play import play

TASK = TaskId(JobId(3), 17)


def page(stream: str, start: int, data: bytes, size: int = 0) -> fleet.LogsReply:
    return fleet.LogsReply(stream=stream, start=start, data=data, size=size or start + len(data), number=2)


def over_after(server: FakeFleet, attempt: int) -> None:
    """The task failed with this attempt."""
    server.replies["Tasks"] = fleet.TasksReply(tasks=[fleet.TaskView(attempt=attempt, state="FAILED")])
    server.replies["Watch"] = [[fleet.WatchReply()] for _ in range(attempt)]


def test_logs_come_page_by_page() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Logs"] = [[page("out", 0, b"one"), page("err", 0, b"!"), page("out", 3, b"two")]]
        pages = [each async for each in client.logs(TASK)]
        assert [(stream, each.data) for stream, each in pages] == [("out", b"one"), ("err", b"!"), ("out", b"two")]
        assert pages[2] == ("out", LogPage(start=3, data=b"two", size=6))
        assert (server.requests[0].job, server.requests[0].index, server.requests[0].tail) == (3, 17, -1)

    play(scenario)


def test_followed_logs_go_on_where_they_broke_off() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Logs"] = [
            [page("out", 0, b"one"), page("err", 0, b"!!!!!"), PacelineError("going down")],
            [page("err", 3, b"!!?"), page("out", 3, b"two"), page("out", 3, b"two")],
        ]
        over_after(server, 2)
        pages = [each async for each in client.logs(TASK, follow=True)]
        assert [(stream, each.start, each.data) for stream, each in pages] == [
            ("out", 0, b"one"),
            ("err", 0, b"!!!!!"),
            ("err", 5, b"?"),
            ("out", 3, b"two"),
        ]
        assert (server.requests[1].number, server.requests[1].offset) == (2, 3)

    play(scenario)


def test_a_further_attempt_begins_at_its_first_byte() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        again = fleet.LogsReply(stream="out", start=0, data=b"two", size=3, number=3)
        server.replies["Logs"] = [[page("out", 0, b"one"), again]]
        assert [each.data async for _, each in client.logs(TASK, follow=True)] == [b"one", b"two"]

    play(scenario)


def test_after_a_restart_the_attempts_that_follow_are_read_too() -> None:
    def part(number: int, data: bytes) -> fleet.LogsReply:
        return fleet.LogsReply(stream="out", start=0, data=data, size=len(data), number=number)

    async def scenario(server: FakeFleet, client: Client) -> None:
        down = PacelineError("going down")
        server.replies["Logs"] = [[part(2, b"two"), down], [], [part(3, b"3"), down], [part(3, b"3!")], [part(4, b"4")]]
        over_after(server, 4)
        pages = [each.data async for _, each in client.logs(TASK, follow=True)]
        assert pages == [b"two", b"3", b"!", b"4"]
        asked = [request for request in server.requests if isinstance(request, fleet.LogsRequest)]
        assert [request.number for request in asked] == [0, 2, 3, 3, 4]

    play(scenario)


def test_the_next_attempt_is_waited_for() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Logs"] = [[page("out", 0, b"two"), PacelineError("going down")], []]
        server.replies["Tasks"] = fleet.TasksReply(tasks=[fleet.TaskView(attempt=2, state="BACKOFF")])
        server.replies["Watch"] = [[fleet.WatchReply()] * 3]
        assert [each.data async for _, each in client.logs(TASK, follow=True)] == [b"two"]
        assert len([request for request in server.requests if isinstance(request, fleet.TasksRequest)]) == 3

    play(scenario)


def test_one_attempt_alone_is_followed_to_its_end_only() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Logs"] = [[page("out", 0, b"two"), PacelineError("down")], [page("out", 3, b"!")]]
        assert [each.data async for _, each in client.logs(TASK, attempt=2, follow=True)] == [b"two", b"!"]

    play(scenario)


def test_nothing_of_a_further_attempt_is_skipped() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Logs"] = [
            [
                page("out", 0, b"12345"),
                page("err", 0, b"123"),
                fleet.LogsReply(stream="out", start=0, data=b"x", size=1, number=3),
                PacelineError("down"),
            ],
            [fleet.LogsReply(stream="out", start=0, data=b"xyz", size=3, number=3)],
        ]
        over_after(server, 3)
        pages = [each.data async for _, each in client.logs(TASK, follow=True)]
        assert pages == [b"12345", b"123", b"x", b"yz"]
        assert server.requests[1].offset == 0

    play(scenario)


def test_a_reader_of_one_stream_asks_on_from_its_place() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Logs"] = [[page("out", 90, b"last ten.."), PacelineError("down")], [page("out", 100, b"more")]]
        over_after(server, 2)
        pages = [each.data async for _, each in client.logs(TASK, stream="out", tail=10, follow=True)]
        assert pages == [b"last ten..", b"more"]
        assert (server.requests[1].offset, server.requests[1].tail) == (100, -1)

    play(scenario)
