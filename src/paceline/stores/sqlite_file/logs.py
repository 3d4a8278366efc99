"""Output of attempts, in a database beside the main one: large, and worth less than the rest.

It is written in the same cycle but flushed lazily (``synchronous = NORMAL``). What a power cut takes from it is missing
from the output and nothing else.
"""

from pathlib import Path

from paceline.model.queries import Log
from paceline.model.records import LogKept
from paceline.model.views import LogPage
from paceline.stores.output import HEAD, TAIL, page, unseen
from paceline.stores.sqlite_file.database import Database, statements


def open_logs(path: Path) -> Database:
    """The database of output that belongs to a store's path."""
    return Database(path.with_name(f"{path.name}.logs"), statements("logs"))


def keep_log(logs: Database, record: LogKept) -> None:
    """Keep what is new of a chunk, and let go of the middle of a stream that grows too long."""
    key = _key(record)
    start, data = unseen(_size(logs, record), record.offset, record.data)
    if data:
        stop = start + len(data)
        logs.run("chunk", **key, start=start, stop=stop, data=data)
        if stop > HEAD + TAIL:
            logs.run("shed", **key, head=HEAD, tail=stop - TAIL)


def read_log(logs: Database, query: Log) -> LogPage:
    """A page of a stream."""
    chunks = logs.run("chunks", **_key(query), offset=query.offset)
    return page(query, _size(logs, query), chunks)


def _size(logs: Database, about: LogKept | Log) -> int:
    return int(logs.run("size", **_key(about)).fetchone()[0])


def _key(about: LogKept | Log) -> dict[str, object]:
    job, task, number = about.attempt
    return {"job": job, "task": task, "number": number, "stream": about.stream}
