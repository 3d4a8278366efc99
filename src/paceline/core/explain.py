"""Why a task is not running: every cause at once, as data, from the scheduler's own picture.

The codes are a closed set. Causes of the task itself (it waits for a job, a time, its turn) come first, then what the
workers say: for each kind of need either no machine could ever serve it, or some could but are taken. ``nearest`` is
the worker that lacks least and ``change`` the smallest change of the request that this worker could serve; where no
worker is connected at all there is neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paceline.core.cluster import Cluster
from paceline.core.job import Job
from paceline.core.worker import Worker
from paceline.model.ids import TaskId
from paceline.model.resources import WHOLE, Need
from paceline.model.views import Cause, Explanation
from paceline.model.worker import WorkerState

CODES = {
    "DEPENDENCY": "waits for job {job}, which is not over",
    "NOT_BEFORE": "may not start for another {seconds} s",
    "BACKOFF": "its next attempt is due in {seconds} s, after {failures} failed and {losses} lost",
    "CONCURRENCY_LIMIT": "{running} tasks of its job run, which is the job's limit",
    "NO_MATCHING_WORKER_CONNECTED": "no worker is connected",
    "NEVER_FITS": "no connected worker could ever run it: {shortfalls}",
    "ENV_INCOMPATIBLE": "no connected worker offers {features}",
    "WALLTIME_TOO_SHORT": "{workers} will be gone before it has had the {seconds} s it asks for",
    "BUSY": "{workers} could run it, but what it needs is taken by {holders}",
    "FRAGMENTED": "enough is free in total ({free}), but on no single worker",
    "WORKER_DRAINING": "{workers} could run it, but is draining ({reason})",
    "WORKER_AWAY": "{workers} could run it, but has lost its connection",
    "RESERVED_FOR": "worker {worker} is kept free for job {job}, which has waited longer",
    "HIGHER_PRIORITY_FIRST": "it is not its turn: job {first} comes first, {jobs} ahead of it in all",
    "SCHEDULER_BEHIND": "nothing holds it back: it is about to be placed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """What one worker lacks, empty, for one need; ``weight`` compares how much that is."""

    worker: str
    text: str  # "lacks 6 GiB of memory"
    change: str  # "memory: 10GiB"
    weight: float


def cause(code: str, **fields: object) -> Cause:
    """A cause with its sentence."""
    texts = {name: str(value) for name, value in fields.items()}
    return Cause(code=code, text=CODES[code].format(**texts), fields=texts)


def explain_task(cluster: Cluster, job: Job, task: TaskId, state: str, now: float) -> Explanation:
    """All that keeps a waiting task of a live job from running."""
    causes = _of_the_job(cluster, job, task.index, now)
    fits = explain_needs(cluster, job.spec.needs, now)
    causes += fits.causes
    if not causes:
        causes.append(_of_the_line(cluster, job))
    return Explanation(
        job=task.job, index=task.index, state=state, causes=causes, nearest=fits.nearest, change=fits.change
    )


def explain_needs(cluster: Cluster, needs: Sequence[Need], now: float) -> Explanation:
    """What keeps a request from being served by this fleet right now; no causes: nothing does."""
    connected = [w for w in cluster.workers.values() if w.state not in (WorkerState.LOST, WorkerState.LEFT)]
    causes: list[Cause] = []
    shortfalls: list[Shortfall] = []
    for need in needs:
        able = [worker for worker in connected if worker.allows(need)]
        if not able:
            lacking = [_least(_shortfalls(worker, need)) for worker in connected]
            shortfalls += lacking
            causes.append(_impossible(connected, need, lacking))
        elif all(worker.state is not WorkerState.READY or worker.free_for(need, now) < 1 for worker in able):
            causes += _taken(able, need, now)
        else:
            return Explanation(job=0, index=0, state="", causes=())
    nearest = min(shortfalls, key=lambda s: s.weight, default=None)
    return Explanation(
        job=0,
        index=0,
        state="",
        causes=causes,
        nearest=f"{nearest.worker} {nearest.text}" if nearest else "",
        change=nearest.change if nearest else "",
    )


def never_fits(explanation: Explanation) -> bool:
    """Whether no waiting will help: every alternative is out of reach of every connected worker."""
    impossible = {"NEVER_FITS", "ENV_INCOMPATIBLE", "NO_MATCHING_WORKER_CONNECTED"}
    return bool(explanation.causes) and all(each.code in impossible for each in explanation.causes)


def _of_the_job(cluster: Cluster, job: Job, index: int, now: float) -> list[Cause]:
    causes = [cause("DEPENDENCY", job=blocker) for blocker in sorted(job.blockers)]
    if job.held_until:
        causes.append(cause("NOT_BEFORE", seconds=round(job.held_until - now)))
    if index in job.backing_off:
        tries = job.tries[index]
        wait = round(job.backing_off[index] - now, 1)
        causes.append(cause("BACKOFF", seconds=wait, failures=tries.failures, losses=tries.losses))
    if job.spec.limit and len(job.live) >= job.spec.limit:
        causes.append(cause("CONCURRENCY_LIMIT", running=len(job.live)))
    return causes


def _impossible(connected: Sequence[Worker], need: Need, lacking: Sequence[Shortfall]) -> Cause:
    if not connected:
        return cause("NO_MATCHING_WORKER_CONNECTED")
    missing = [name for name in need.features if not any(name in worker.features for worker in connected)]
    if missing:
        return cause("ENV_INCOMPATIBLE", features=", ".join(missing))
    told = "; ".join(f"{each.worker} {each.text}" for each in lacking[:5])
    more = f"; and {len(lacking) - 5} more workers" if len(lacking) > 5 else ""
    return cause("NEVER_FITS", shortfalls=told + more)


def _taken(able: Sequence[Worker], need: Need, now: float) -> list[Cause]:
    """Workers that could run it, sorted by why they do not."""
    causes = []
    ready = [worker for worker in able if worker.state is WorkerState.READY]
    late = [worker for worker in ready if not worker.lasts(need, now)]
    busy = [worker for worker in ready if worker not in late]
    if late:
        causes.append(cause("WALLTIME_TOO_SHORT", workers=_names(late), seconds=round(need.time)))
    if busy:
        causes.append(cause("BUSY", workers=_names(busy), holders=_holders(busy)))
        free = [max(0, worker.cpu) for worker in busy]
        if max(free) < need.cpu <= sum(free):
            causes.append(cause("FRAGMENTED", free=f"{sum(free) / WHOLE:g} cpus"))
    if draining := [worker for worker in able if worker.state is WorkerState.DRAINING]:
        reasons = sorted({worker.reason for worker in draining})
        causes.append(cause("WORKER_DRAINING", workers=_names(draining), reason="; ".join(reasons)))
    if away := [worker for worker in able if worker.state is WorkerState.AWAY]:
        causes.append(cause("WORKER_AWAY", workers=_names(away)))
    return causes


def _names(workers: Sequence[Worker]) -> str:
    names = ", ".join(worker.name for worker in workers[:5])
    return names if len(workers) <= 5 else f"{names} and {len(workers) - 5} more"


def _holders(workers: Sequence[Worker]) -> str:
    held = [str(TaskId(job, index)) for worker in workers for job, index in list(worker.held)[:3]]
    return ", ".join(held[:5]) + (" …" if len(held) > 5 else "") or "nobody"


def _of_the_line(cluster: Cluster, job: Job) -> Cause:
    """There is room, but not for this one yet."""
    if ahead := _ahead_of(cluster, job):
        return cause("HIGHER_PRIORITY_FIRST", jobs=len(ahead), first=ahead[0])
    reserved = cluster.reserved
    if reserved and reserved.job.queue is not job.queue:
        return cause("RESERVED_FOR", worker=reserved.worker.name, job=reserved.job.id)
    return cause("SCHEDULER_BEHIND")


def _ahead_of(cluster: Cluster, job: Job) -> list[int]:
    ahead = [
        other.id
        for other in cluster.jobs.values()
        if other is not job and other.queue is job.queue and other.ready() and (other.key, other.id) < (job.key, job.id)
    ]
    return sorted(ahead)


def _least(shortfalls: Sequence[Shortfall]) -> Shortfall:
    """What a worker lacks, as one: its texts together, as heavy as all of them."""
    return Shortfall(
        worker=shortfalls[0].worker,
        text=" and ".join(each.text for each in shortfalls),
        change=", ".join(each.change for each in shortfalls),
        weight=sum(each.weight for each in shortfalls),
    )


def _shortfalls(worker: Worker, need: Need) -> list[Shortfall]:
    """Everything the empty worker lacks for one such task."""
    name, whole = worker.name, worker.capacity
    found = []
    for want, have, what, field in (
        (need.memory, whole.memory, "memory", "memory"),
        (need.disk, whole.disk, "disk", "disk"),
    ):
        if want > have:
            text = f"lacks {size(want - have)} of {what}"
            change = f"{field}: {size(have)}".replace(" ", "").replace(":", ": ")
            found.append(Shortfall(worker=name, text=text, change=change, weight=want / max(have, 1)))
    if need.cpu > whole.cpu:
        text = f"lacks {(need.cpu - whole.cpu) / WHOLE:g} cpus"
        change = f"cpus: {whole.cpu / WHOLE:.9g}"
        found.append(Shortfall(worker=name, text=text, change=change, weight=need.cpu / max(whole.cpu, 1)))
    return found + _other_kind(worker, need)


def _other_kind(worker: Worker, need: Need) -> list[Shortfall]:
    """What no amount of freeing would give the worker: devices, labels, abilities."""
    found = []
    if need.gpu and not worker.slots_for(Need(cpu=0, gpu=need.gpu)):
        has = ", ".join(sorted({gpu.model for gpu in worker.capacity.gpus})) or "no gpu"
        found.append(
            Shortfall(worker=worker.name, text=f"has {has}, wanted {wanted_gpu(need)}", change="no gpu", weight=50)
        )
    for key, value in need.labels:
        if (key, value) not in worker.labels:
            text = f"is not labelled {key}={value}"
            found.append(Shortfall(worker=worker.name, text=text, change=f"no label {key}={value}", weight=100))
    for feature in need.features:
        if feature not in worker.features:
            text = f"does not offer {feature}"
            found.append(Shortfall(worker=worker.name, text=text, change=f"a worker with {feature}", weight=200))
    return found


def wanted_gpu(need: Need) -> str:
    """The device request in words: ``2 × A100 with 40 GiB``."""
    gpu = need.gpu
    if gpu is None:
        return ""
    models = " or ".join(gpu.models) or f"{gpu.vendor} gpu".strip()
    memory = f" with {size(gpu.memory)}" if gpu.memory else ""
    return f"{gpu.milli / WHOLE:g} × {models}{memory}"


def size(count: int) -> str:
    """Bytes for people: ``6 GiB``, rounded down."""
    for power, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << power:
            return f"{int(count * 10 / (1 << power)) / 10:g} {unit}"
    return f"{count} B"
