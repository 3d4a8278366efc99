"""Celery with Redis as broker and for results: two processes, the leanest settings its documentation knows."""

import os
import subprocess
import sys

from celery import Celery

from bench.peers.trial import noop, report

MODULE = "bench.peers.programs.on_celery"
REDIS = f"redis://127.0.0.1:{os.environ['BENCH_REDIS_PORT']}"

app = Celery("bench", broker=f"{REDIS}/1", backend=f"{REDIS}/2")
app.conf.worker_prefetch_multiplier = 64
call = app.task(noop, name="noop")


def functions(count: int) -> None:
    for result in [call.delay(value) for value in range(count)]:
        result.get(interval=0.005)


def main() -> None:
    lean = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "-A", MODULE, "worker", "-c", "2", "-P", "prefork", "-l", "ERROR", *lean]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        try:
            call.delay(1).get(timeout=60)
            report(functions=functions, one=lambda: call.delay(1).get(), most=10_000)
        finally:
            worker.terminate()


if __name__ == "__main__":
    main()
