"""Parsl with its high-throughput executor, two workers."""

import itertools
import tempfile

import parsl
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider

from bench.peers.trial import noop, report


def true(stdout: str = "", stderr: str = "") -> str:
    """A bash app: the command that it returns is run."""
    return "true"


def main() -> None:
    executor = HighThroughputExecutor(
        label="two",
        max_workers_per_node=2,
        address="127.0.0.1",
        loopback_address="127.0.0.1",
        encrypted=False,
        provider=LocalProvider(init_blocks=1, max_blocks=1),
    )
    names = itertools.count()
    with tempfile.TemporaryDirectory() as place, parsl.load(Config(executors=[executor], run_dir=place)):
        call, command = parsl.python_app(noop), parsl.bash_app(true)

        def run(count: int) -> None:
            files = [f"{place}/{next(names)}" for _ in range(count)]
            for future in [command(stdout=f"{file}.out", stderr=f"{file}.err") for file in files]:
                future.result()

        report(
            functions=lambda count: [future.result() for future in [call(value) for value in range(count)]],
            one=lambda: call(1).result(),
            commands=run,
            most=10_000,
        )


if __name__ == "__main__":
    main()
