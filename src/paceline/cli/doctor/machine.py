"""What this machine has left for tasks: devices, memory, processors, files, processes."""

import os
import platform
import resource
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from socket import gethostname

from paceline.agent.app import gpus, processors, usable_memory
from paceline.cli.doctor.aside import aside
from paceline.cli.doctor.finding import Finding, ok, problem, skipped, warning
from paceline.cli.doctor.processes import free_memory
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.visit import Visit, of_visit
from paceline.cli.words import about
from paceline.grammar import format_count

PRESSED, STALLED = 10.0, 40.0
"""Percent of the last ten seconds in which somebody waited for memory: worth a warning, and a problem."""
LITTLE = 0.1
"""Share of the memory below which what is free is little."""
LEAST_MEMORY = 512 << 20
FILES, PROCESSES = 4096, 1024
"""Below these limits an agent with many tasks runs out of them."""
_DRIVER = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"))
_ENGINES = ("docker", "podman", "apptainer", "singularity", "nerdctl")


def devices(around: Surroundings) -> Iterator[Finding]:
    """GPUs that the driver tells of."""
    found = [gpu.model for gpu in gpus()]
    if found:
        yield ok(f"{len(found)} seen: {', '.join(found)}", gpus=found)
    elif any(sign.exists() for sign in _DRIVER):
        todo = "run nvidia-smi and mend what it says; in a container: give it the devices (docker run --gpus all)"
        yield problem("an NVIDIA driver is there, but neither NVML nor nvidia-smi tells of a device", todo)
    else:
        yield ok("none here", gpus=[])


@of_visit
async def advertised(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """GPUs that this machine's workers offer, against those there are."""
    here = [each for each in await visit.client.workers() if each.machine.host == gethostname()]
    if not here:
        return [skipped("no worker of this machine is connected")]
    there, offered = len(await aside(gpus)), sum(len(each.machine.capacity.gpus) for each in here)
    fields = {"seen": there, "offered": offered}
    if there == offered:
        return [ok(f"workers here offer all {there}" if there else "none to offer", **fields)]
    names = ", ".join(each.name for each in here)
    if offered < there:
        found = f"{there} are here, workers offer {offered}: they looked when they started, or are to keep some back"
        todo = f"start them again ({names}), unless --gpus or CUDA_VISIBLE_DEVICES says so"
        return [warning(found, todo, **fields)]
    found = f"{there} are here, workers together offer {offered}: a device is offered twice, or has gone"
    return [problem(found, f"give each worker its own ({names}): paceline worker --gpus 0,1", **fields)]


def engine(around: Surroundings) -> Iterator[Finding]:
    """Container engines, for whoever's commands use them. Paceline needs none."""
    found = [name for name in _ENGINES if shutil.which(name)]
    closed = Path("/var/run/docker.sock")
    if "docker" in found and closed.exists() and not os.access(closed, os.W_OK):
        todo = "add this user to the group docker and log in again, or use podman"
        yield warning("docker is installed, but this user may not use it", todo, engines=found)
    else:
        yield ok(", ".join(found) or "none found, and none is needed", engines=found)


def memory(around: Surroundings) -> Iterator[Finding]:
    """Whether there is some, and whether those who want some wait for it."""
    whole, free = usable_memory(), free_memory()
    fields: dict[str, object] = {"usable": whole, "free": free}
    todo = "run fewer tasks at a time (paceline worker --memory SIZE), and let tasks ask for what they use (--memory)"
    if whole < LEAST_MEMORY:
        yield warning(f"{about(whole)} in all; {about(LEAST_MEMORY)} is little for one worker", todo, **fields)
    elif free < whole * LITTLE:
        yield warning(f"{about(free)} of {about(whole)} are free", todo, **fields)
    else:
        yield ok(f"{about(free)} of {about(whole)} are free", **fields)
    try:
        waited = pressure(Path("/proc/pressure/memory").read_text())
    except OSError:
        yield skipped("this kernel does not tell who waits for memory (no /proc/pressure)")
        return
    if waited >= PRESSED:
        verdict = problem if waited >= STALLED else warning
        yield verdict(f"for {waited:.0f} % of the last 10 s somebody waited for memory", todo, pressure=waited)


def pressure(text: str) -> float:
    """Percent of the last ten seconds: ``some avg10=0.00 avg60=…`` of ``/proc/pressure/memory``."""
    words = next((line.split() for line in text.splitlines() if line.startswith("some ")), [])
    return next((float(word.removeprefix("avg10=")) for word in words if word.startswith("avg10=")), 0.0)


def cpu(around: Surroundings) -> Iterator[Finding]:
    """How much of the machine's processors a worker started here would have."""
    there, usable = os.cpu_count() or 1, processors(0)
    fields = {"cpus": there, "usable": usable / 1000}
    text = f"{format_count(usable)} of {there} may be used"
    if usable < 1000:
        yield warning(f"{text}: less than a task asks for unless it says otherwise", "raise the quota of its group")
    elif usable < there * 1000:
        yield ok(f"{text}: affinity or a control group limits it", **fields)
    else:
        yield ok(text, **fields)


def limits(around: Surroundings) -> Iterator[Finding]:
    """Open files and processes that this user may have."""
    for name, which, least, flag in (
        ("open files", resource.RLIMIT_NOFILE, FILES, "-n"),
        ("processes", resource.RLIMIT_NPROC, PROCESSES, "-u"),
    ):
        soft, hard = resource.getrlimit(which)
        if soft != resource.RLIM_INFINITY and soft < least:
            rest = "" if hard == resource.RLIM_INFINITY or hard >= least else " (ask root: the hard limit is lower)"
            yield warning(f"{soft} {name} at most", f"ulimit {flag} {least} before starting{rest}", limit=soft)
        else:
            yield ok(f"{'any number of' if soft == resource.RLIM_INFINITY else soft} {name}", limit=soft)


def python(around: Surroundings) -> Iterator[Finding]:
    """Which one runs here: functions are only taken by workers of the same minor version."""
    yield ok(f"{platform.python_implementation()} {platform.python_version()}", version=platform.python_version())
