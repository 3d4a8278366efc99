"""A world that would survive a restart at any moment: after every step, what is kept gives back the same picture."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from paceline.core.cluster import Cluster
from paceline.core.invariants import GONE
from paceline.core.job import Job
from paceline.core.restore import restore
from paceline.core.retry import Tries
from paceline.model.decision import Decision
from paceline.model.events import Event
from paceline.model.ids import JobId
from paceline.testing.world import World


class AuditedWorld(World):
    """See the module."""

    def step(self, *events: Event) -> Decision:
        decision = super().step(*events)
        now = self.clock.now()
        again = restore(self.tables.snapshot(), self.terms, now)
        again.check()
        assert picture(again, now) == picture(self.cluster, now)
        return decision


def picture(cluster: Cluster, now: float) -> Mapping[str, Any]:
    """All of the cluster that a restart must not change."""
    return {
        "next job": cluster.next_job,
        "jobs": {number: _job(job, cluster.jobs.keys(), now) for number, job in cluster.jobs.items()},
        "checkpoints": {job: tasks for job, tasks in cluster.checkpoints.items() if tasks},
        "drained": {worker.id for worker in cluster.workers.values() if worker.drained and worker.state not in GONE},
        "held": {
            worker.id: sorted(str(a.id) for a in worker.held.values())
            for worker in cluster.workers.values()
            if worker.held
        },
    }


def _job(job: Job, jobs: AbstractSet[JobId], now: float) -> Mapping[str, Any]:
    return {
        "open": job.open,
        "total": job.total,
        "waiting": sorted(job.waiting),
        "backing off": job.backing_off,
        "live": {a.index: (a.number, a.worker.id, a.granted_at, a.stopping) for a in job.live.values()},
        "tries": {index: _tries(job.tries[index]) for index in sorted(job.tries)},
        "payloads": job.payloads,
        "counts": job.counts,
        "blockers": job.blockers,
        "dependents": job.dependents & jobs,
        "held": job.held_until > now,
        "cancels": job.cancels,
    }


def _tries(tries: Tries) -> tuple[int, ...]:
    return tries.number, tries.failures, tries.losses, tries.suspicion, tries.requeues
