"""Reads, on four connections: one job, one task, all workers, in turn. With ``wrk`` where there is one."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.rest.http import Server, take

CONNECTIONS = 4
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_SCRIPT = """
local paths = {{ {paths} }}
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], {{ ["Authorization"] = "Bearer {token}" }})
end
"""


def measure(server: Server, paths: Sequence[str], seconds: float, folder: Path) -> Mapping[str, float]:
    """Reads a second, and seconds of the median and of the slowest in a hundred."""
    if shutil.which("wrk"):
        return _by_wrk(server, paths, seconds, folder)
    taken = asyncio.run(take(server, CONNECTIONS, seconds, lambda n: server.request("GET", paths[n % len(paths)])))
    return {"reads": taken.rate, "read p50": taken.percentile(0.5), "read p99": taken.percentile(0.99)}


def _by_wrk(server: Server, paths: Sequence[str], seconds: float, folder: Path) -> Mapping[str, float]:
    script = folder / "reads.lua"
    script.write_text(_SCRIPT.format(paths=", ".join(f'"{path}"' for path in paths), token=server.token))
    script.chmod(0o600)
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--latency", "-s", str(script), server.url],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Non-2xx" not in said, said
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate, said
    return {"reads": float(rate[1]), "read p50": _latency(said, "50%"), "read p99": _latency(said, "99%")}


def _latency(said: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", said)
    assert found, said
    return float(found[1]) * _UNITS[found[2]]
