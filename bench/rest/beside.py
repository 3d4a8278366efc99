"""A fleet at work, and what HTTP does beside it."""

import asyncio
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from bench.fleet import Fleet, until
from bench.rest import reads
from bench.rest.http import Server, take
from bench.rest.rows import FOLLOWERS, RATE
from paceline.wire.whereabouts import read_whereabouts

SECONDS = 10.0
"""Of each part of a round."""
SUBMITTERS = 8
TASKS = 1000
"""Of the job at work, which are looked at in turn."""
MARK = "probe"
PROBES = 0.5
"""Seconds between two jobs that followers wait to hear of."""


class Beside:
    """Work goes on while the context lasts."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        there = read_whereabouts(fleet.home)
        assert there is not None
        self._server = Server(url=there.http, token=fleet.options.token)
        self._work: subprocess.Popen[str]
        self._done: list[tuple[float, int]] = []  # when so many were home
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "bench.rest.work", str(self._fleet.home), str(RATE * 1.03)]
        self._work = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()
        until(lambda: len(self._done) > 3, "the work")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._work.stdin is not None
        self._work.stdin.close()
        self._work.wait(60)

    def play(self) -> Mapping[str, float]:
        """One round: row key → what came out."""
        parts = (self._reads, self._followers, self._submits)
        values: dict[str, float] = {"tasks": float("inf")}
        for part in parts:
            began, before = time.perf_counter(), len(self._done)
            values |= part()
            until(lambda enough=before + int(SECONDS / 2): len(self._done) > enough, "the work")  # type: ignore[misc]
            values["tasks"] = min(values["tasks"], self._rate(began))
        return values

    def _reads(self) -> Mapping[str, float]:
        paths = [path for task in range(TASKS) for path in ("/api/jobs/1", f"/api/tasks/1.{task}", "/api/workers")]
        values = reads.measure(self._server, paths, SECONDS, self._fleet.home)
        return {key: value if key == "reads" else 1000 * value for key, value in values.items()}

    def _followers(self) -> Mapping[str, float]:
        argv = [self._server.url, str(FOLLOWERS), str(SECONDS), MARK]
        with self._followed(argv) as process:
            asyncio.run(self._probe())
            said = json.loads(process.communicate()[0])
        delays = {key: 1000 * said[key] for key in ("delay p50", "delay p99")}
        return {"followers": said["followers"] - said["dropped"], "dropped": said["dropped"], **delays}

    @contextmanager
    def _followed(self, argv: list[str]) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "bench.rest.followers", *argv]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            process.stdin.write(f"{self._server.token}\n")
            process.stdin.flush()
            yield process

    async def _probe(self) -> None:
        """Submit a job now and then, from when the followers are there until shortly before they leave."""
        for _ in range(int((SECONDS - 4) / PROBES)):
            await asyncio.sleep(PROBES)
            await take(self._server, 1, 0, lambda number: self._submission(MARK))

    def _submits(self) -> Mapping[str, float]:
        taken = asyncio.run(take(self._server, SUBMITTERS, SECONDS, lambda number: self._submission("later")))
        return {"submits": taken.rate, "submit p99": 1000 * taken.percentile(0.99)}

    def _submission(self, name: str) -> bytes:
        """A job that does not start while we are here: what it runs is not what is measured."""
        job: Mapping[str, Any] = {"name": name, "run": ["true"], "not_before": "8h"}
        key = f"idempotency-key: bench-{next(self._numbers)}\r\n"
        return self._server.request("POST", "/api/jobs", json.dumps(job).encode(), key)

    def _listen(self) -> None:
        assert self._work.stdout is not None
        for line in self._work.stdout:
            self._done.append((time.perf_counter(), int(line)))

    def _rate(self, began: float) -> float:
        """Functions a second since then."""
        (first, few), (last, many) = next(each for each in self._done if each[0] >= began), self._done[-1]
        return (many - few) / (last - first)
