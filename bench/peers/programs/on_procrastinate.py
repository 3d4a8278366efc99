"""procrastinate on PostgreSQL, ten at a time. It keeps no results: what is waited for is that the jobs succeeded."""

import os
import subprocess
import sys
import time

import procrastinate
import psycopg

from bench.peers.trial import report

MODULE = "bench.peers.programs.on_procrastinate"
DSN = os.environ["BENCH_POSTGRES"]

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DSN))


async def noop(value: int) -> int:
    return value


call = app.task(noop, name="noop")


def main() -> None:
    base = [sys.executable, "-m", "procrastinate", "-a", f"{MODULE}.app"]
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
        subprocess.run([*base, "schema", "--apply"], check=True, stdout=subprocess.DEVNULL)
        with subprocess.Popen([*base, "worker", "-c", "10"], stderr=subprocess.DEVNULL) as worker, app.open():
            try:
                measure(connection)
            finally:
                worker.terminate()


def measure(connection: "psycopg.Connection[tuple[int]]") -> None:
    done = "select count(*) from procrastinate_jobs where status = 'succeeded'"

    def until(wanted: int, pause: float) -> None:
        while connection.execute(done).fetchone() != (wanted,):
            time.sleep(pause)

    def succeeded() -> int:
        (count,) = connection.execute(done).fetchone() or (0,)
        return count

    def functions(count: int) -> None:
        before = succeeded()
        call.batch_defer(*({"value": value} for value in range(count)))
        until(before + count, 0.01)

    def one() -> None:
        before = succeeded()
        call.defer(value=1)
        until(before + 1, 0.0005)

    functions(1)
    report(functions=functions, one=one, most=5_000)


if __name__ == "__main__":
    main()
