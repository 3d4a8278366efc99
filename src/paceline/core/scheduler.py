"""The front door of the decisions: ``step(events, now) -> Decision``.

::

    events ──▶ what each does ──▶ what came due ──▶ jobs that are over ──▶ placement, once ──▶ decision

Deterministic: the same events at the same times give the same decisions, in whatever process, with any hash seed.
Nothing that a decision says has happened until its records are kept (``model/decision.py``).
"""

from collections.abc import Sequence
from typing import assert_never

from paceline.core import cancel, checkpoints, lifecycle, submission, workers
from paceline.core.cluster import Cluster
from paceline.core.placement import place
from paceline.core.reminders import Due
from paceline.core.step import Step, Terms
from paceline.model.decision import Answer, Decision
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    CancelAsked,
    CheckpointCame,
    DrainAsked,
    Event,
    JobClosed,
    JobsSubmitted,
    LinkLost,
    ReportCame,
    TasksAppended,
    WorkerBeat,
    WorkerEvent,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import JobId, WorkerId


class Scheduler:
    """One cluster, one decider."""

    def __init__(self, cluster: Cluster, terms: Terms) -> None:
        self.cluster = cluster
        self.terms = terms

    def step(self, events: Sequence[Event], now: float) -> Decision:
        """What follows from these events, and from the time it has become."""
        step = Step(self.cluster, self.terms, now)
        answers = [_on_event(step, event) for event in events]
        _on_time(step)
        lifecycle.settle(step)
        place(step)
        wake_at = self.cluster.reminders.next_due()
        return Decision(records=step.records, messages=step.messages, answers=answers, wake_at=wake_at)


def _on_time(step: Step) -> None:
    """After the events: who was heard of in this very batch is not lost, and what it reports is not void."""
    for what, who in step.cluster.reminders.due(step.now):
        match what:
            case Due.TASK:
                lifecycle.on_task_due(step, JobId(who[0]), who[1])
            case Due.JOB:
                lifecycle.on_job_due(step, JobId(who[0]))
            case Due.LEASE:
                workers.on_lease_due(step, WorkerId(who[0]))
            case _:
                assert_never(what)


def _on_event(step: Step, event: Event) -> Answer:
    match event:
        case AttemptsEnded():
            return lifecycle.on_attempts_ended(step, event)
        case AttemptsStarted():
            return lifecycle.on_attempts_started(step, event)
        case TasksAppended():
            return submission.on_tasks_appended(step, event)
        case JobsSubmitted():
            return submission.on_jobs_submitted(step, event)
        case JobClosed():
            return submission.on_job_closed(step, event)
        case CancelAsked():
            return cancel.on_cancel_asked(step, event)
        case ReportCame():
            return lifecycle.on_report(step, event)
        case CheckpointCame():
            return checkpoints.on_checkpoint(step, event)
        case _:
            return _on_worker_event(step, event)


def _on_worker_event(step: Step, event: WorkerEvent) -> Answer:
    match event:
        case WorkerBeat():
            return workers.on_worker_beat(step, event)
        case WorkerJoined():
            return workers.on_worker_joined(step, event)
        case LinkLost():
            return workers.on_link_lost(step, event)
        case DrainAsked():
            return workers.on_drain_asked(step, event)
        case WorkerLeft():
            return workers.on_worker_left(step, event)
        case _:
            assert_never(event)
