"""HyperQueue, as its package on PyPI has it: server and worker in the process of the client.

Its Python client asks once a second whether a job is over, so a lone call is timed until its program runs: that writes
into a named pipe.
"""

import os
import tempfile

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

from bench.peers.trial import noop, report


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        os.mkfifo("told")
        told = os.open("told", os.O_RDWR)
        with LocalCluster(place, WorkerConfig(cores=2)) as cluster:
            client = cluster.client()

            def functions(count: int) -> None:
                job = Job()
                for value in range(count):
                    job.function(noop, args=(value,), stdout=None, stderr=None)
                client.wait_for_jobs([client.submit(job)])

            def commands(count: int) -> None:
                job = Job()
                for _ in range(count):
                    job.program(["/usr/bin/true"])
                client.wait_for_jobs([client.submit(job)])

            def one() -> None:
                job = Job()
                job.program(["/bin/sh", "-c", f"echo > {place}/told"], stdout=None, stderr=None)
                client.submit(job)
                os.read(told, 10)

            report(functions=functions, one=one, commands=commands, most=10_000)


if __name__ == "__main__":
    main()
