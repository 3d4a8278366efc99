"""Two hundred who follow ``/api/live``, in a process of their own.

    python -m bench.rest.followers URL COUNT SECONDS MARK < TOKEN

Says as JSON how long it took from a job called MARK being accepted until each of them heard of it, and how many were
sent away.
"""

import asyncio
import json
import statistics
import sys
from collections.abc import Mapping

from bench.rest.http import Server
from paceline.clock import SystemClock


async def measure(server: Server, count: int, seconds: float, mark: str) -> Mapping[str, float]:
    """Delays in seconds; ``frames``: how many each heard."""
    delays: list[float] = []
    ears = [asyncio.create_task(_follow(server, f'"name":"{mark}'.encode(), delays)) for _ in range(count)]
    await asyncio.sleep(seconds)
    dropped = sum(ear.done() for ear in ears)
    heard = [ear for ear in ears if not ear.done()]
    for ear in heard:
        ear.cancel()
    await asyncio.gather(*ears, return_exceptions=True)
    delays.sort()
    return {
        "followers": count,
        "dropped": dropped,
        "delay p50": statistics.median(delays),
        "delay p99": delays[int(len(delays) * 0.99)],
        "told": len(delays) / count,
    }


async def _follow(server: Server, mark: bytes, delays: list[float]) -> None:
    clock = SystemClock()
    reader, writer = await server.connect()
    writer.write(server.request("GET", "/api/live"))
    known: set[int] = set()
    while line := await reader.readline():
        if line.startswith(b"data: ") and mark in line:
            now = clock.now()
            for job in json.loads(line[6:]):
                if job["job"] not in known and job["name"].encode() in mark:
                    known.add(job["job"])
                    delays.append(now - job["submitted_at"])


if __name__ == "__main__":
    url, count, seconds, mark = sys.argv[1:]
    token = sys.stdin.readline().strip()
    print(json.dumps(asyncio.run(measure(Server(url=url, token=token), int(count), float(seconds), mark))))
