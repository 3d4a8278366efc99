"""dramatiq with Redis as broker and for results: two processes of four threads."""

import os
import subprocess
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from bench.peers.trial import noop, report

MODULE = "bench.peers.programs.on_dramatiq"
PORT = int(os.environ["BENCH_REDIS_PORT"])
PATIENCE = 120_000  # milliseconds

broker = RedisBroker(port=PORT)
broker.add_middleware(Results(backend=RedisBackend(port=PORT)))
dramatiq.set_broker(broker)
call = dramatiq.actor(noop, store_results=True, max_retries=0)


def functions(count: int) -> None:
    for message in [call.send(value) for value in range(count)]:
        message.get_result(block=True, timeout=PATIENCE)


def main() -> None:
    command = [sys.executable, "-m", "dramatiq", "-p", "2", "-t", "4", MODULE]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        try:
            functions(1)
            report(functions=functions, one=lambda: functions(1), most=10_000)
        finally:
            worker.terminate()


if __name__ == "__main__":
    main()
