"""Ray."""

import tempfile

import ray

from bench.peers.trial import noop, report


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ray-") as place:
        ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False, _temp_dir=place)
        remote = ray.remote(noop)
        report(
            functions=lambda count: ray.get([remote.remote(value) for value in range(count)]),
            one=lambda: ray.get(remote.remote(1)),
            most=20_000,
        )
        ray.shutdown()


if __name__ == "__main__":
    main()
