"""Dask distributed: two processes of one thread, the best arrangement for no-ops here."""

from distributed import Client, LocalCluster

from bench.peers.trial import noop, report


def main() -> None:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        report(
            functions=lambda count: client.gather(client.map(noop, range(count), pure=False)),
            one=lambda: client.submit(noop, 1, pure=False).result(),
            most=20_000,
        )


if __name__ == "__main__":
    main()
