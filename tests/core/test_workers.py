"""What each event does to workers."""

from dataclasses import replace

import pytest

from paceline.core.views import worker_view
from paceline.core.workers import FORGET, WORKER_TRANSITIONS, answer_beat
from paceline.model.decision import BeatHeard, Drain, Drop, Stop, Welcome
from paceline.model.errors import NotFound
from paceline.model.events import (
    AttemptsEnded,
    CancelAsked,
    DrainAsked,
    LinkLost,
    WorkerBeat,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.job import Retry
from paceline.model.records import AttemptsOver, WorkerKept
from paceline.model.resources import GpuNeed, Need
from paceline.model.task import POISON_LIMIT, Outcome, TaskState
from paceline.model.worker import WorkerState
from paceline.testing.hand import Hand, alike, named
from paceline.testing.world import gpu, job_spec, machine
from tests.core.audited import AuditedWorld


def attempt(job: int, index: int = 0, number: int = 1) -> AttemptId:
    return AttemptId(JobId(job), index, number)


def state(world: AuditedWorld, worker: Hand) -> WorkerState:
    return world.cluster.workers[worker.id].state


def outcomes(world: AuditedWorld, job: int) -> list[Outcome]:
    return world.endings(job)


# ── joining ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_newcomer_is_welcomed_before_anything_else_is_said(world: AuditedWorld) -> None:
    world.submit()
    worker = world.join()
    welcome, grant = worker.take()
    assert welcome == Welcome(worker=worker.id, beat=5.0, lease=20.0, link=1)
    assert list(worker.held) == [attempt(1)]
    assert grant.__class__.__name__ == "Grant"


def test_a_worker_is_kept_as_it_introduced_itself(world: AuditedWorld) -> None:
    worker = world.join("ada")
    kept = world.tables.workers[worker.id]
    assert (kept.name, kept.state, kept.machine) == ("ada", WorkerState.READY, worker.machine)


def test_what_was_granted_and_never_arrived_goes_elsewhere(world: AuditedWorld) -> None:
    worker = world.join()
    worker.lose_link()
    worker.join()
    worker.linked = False  # the connection is broken, and nobody has noticed yet
    job = world.submit()
    assert not worker.held
    worker.join()
    assert outcomes(world, job) == [Outcome.RETURNED]
    assert list(worker.held) == [attempt(job, 0, 2)]


def test_what_is_held_is_kept_and_what_is_not_ours_is_dropped(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    job = world.submit(tasks=3)
    worker.lose_link()
    worker.held |= {attempt(job, 2): b"", attempt(job, 1, 7): b"", attempt(99): b""}
    decision = worker.join()
    drops = [message.attempts for _, message in decision.messages if isinstance(message, Drop)]
    assert [(d.job, list(d.indexes), list(d.numbers)) for d in drops] == [(job, [2, 1], [1, 7]), (99, [0], [1])]
    assert sorted(worker.held) == [attempt(job, 0), attempt(job, 1)]
    assert not any(isinstance(record, AttemptsOver) for record in decision.records)


def test_what_was_to_be_stopped_is_stopped_again(world: AuditedWorld) -> None:
    worker = world.join()
    job, other = world.submit(), world.submit()
    worker.lose_link()
    world.step(CancelAsked(job=job))
    assert not worker.stopping
    worker.take()
    worker.join()
    assert [message.attempts.job for message in worker.take() if isinstance(message, Stop)] == [job]
    assert list(worker.stopping) == [attempt(job)]
    assert attempt(other) in worker.held


def test_a_host_that_died_with_its_work_is_no_host_that_never_got_it(world: AuditedWorld) -> None:
    """Otherwise a task that brings its host down would be tried again for ever, free of charge."""
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(losses=99, base=0.0)))
    for _ in range(POISON_LIMIT):
        worker.start()
        worker.crash()
        worker.join()
    assert outcomes(world, job) == [Outcome.LOST, Outcome.LOST, Outcome.POISON]


def test_a_broken_connection_makes_nothing_of_the_hand_suspicious(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    worker.lose_link()
    worker.join()
    worker.crash()
    worker.join()
    assert outcomes(world, job) == [Outcome.RETURNED]


def test_after_a_restart_of_the_agent_what_it_still_holds_has_begun(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    worker.incarnation = Incarnation(2)
    worker.join()
    world.advance(21.0)
    assert outcomes(world, job) == [Outcome.LOST]


def test_a_worker_may_come_back_smaller(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    world.submit(tasks=6)
    worker.machine = machine(cpu=1000)
    worker.join()
    assert len(worker.held) == 4
    assert world.cluster.workers[worker.id].cpu == -3000
    worker.end(*list(worker.held)[:3])
    assert len(worker.held) == 1
    worker.end()
    assert len(worker.held) == 1


def test_devices_stay_with_their_attempts_through_a_new_connection(world: AuditedWorld) -> None:
    small, large = gpu("T4", memory=16 << 30), gpu("A100")
    worker = world.introduce(machine(gpus=(small, large)))
    whole = Need(gpu=GpuNeed(milli=1000))
    first, second = world.submit(need=whole), world.submit(need=whole)
    devices = {a.job.id: a.devices for a in world.cluster.workers[worker.id].held.values()}
    worker.end(attempt(first))
    third = world.submit(need=Need(gpu=GpuNeed(milli=1000, models=("T4",))))
    worker.join()
    held = {a.job.id: a.devices for a in world.cluster.workers[worker.id].held.values()}
    assert held == {second: devices[second], third: devices[first]}


def test_devices_are_found_anew_on_another_machine(world: AuditedWorld) -> None:
    worker = world.introduce(machine(gpus=(gpu(number=0), gpu(number=1))))
    job = world.submit(need=Need(gpu=GpuNeed(milli=2000)))
    worker.machine = machine(gpus=(gpu(number=0),))
    worker.join()
    assert world.job(job).live[0].devices == (0,)
    worker.end()
    assert world.cluster.workers[worker.id].gpus == [1000]


# ── beats and leases ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_beat_is_answered_and_starts_the_lease_anew(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit()
    for _ in range(10):
        world.clock.advance(19.0)
        assert [message for _, message in worker.beat().messages] == [BeatHeard()]
    assert state(world, worker) is WorkerState.READY
    assert worker.held


def test_a_silent_worker_is_lost_and_its_work_goes_elsewhere(world: AuditedWorld) -> None:
    silent, other = world.join(cpu=2000), world.join(cpu=2000)
    begun = world.submit(tasks=2)
    unbegun = world.submit(tasks=2)
    mine = [a for a in silent.held if a.job == begun]
    silent.start(*mine)
    world.clock.advance(19.0)
    other.beat()
    decision = world.advance(1.0)
    ends = {record.endings.job: record for record in decision.records if isinstance(record, AttemptsOver)}
    assert set(ends[begun].endings.outcomes) == {Outcome.LOST}
    assert set(ends[unbegun].endings.outcomes) == {Outcome.RETURNED}
    assert ends[begun].endings.details[0] == "worker w1 was not heard of for 20 s"
    kept = [record for record in decision.records if isinstance(record, WorkerKept)]
    assert [(record.worker, record.state) for record in kept] == [(silent.id, WorkerState.LOST)]
    assert all(world.holder(a.id.task) is other for a in world.job(unbegun).live.values())


def test_a_lost_worker_is_not_answered_until_it_joins_again(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit()
    world.advance(20.0)
    assert state(world, worker) is WorkerState.LOST
    assert worker.beat().messages == []
    worker.join()
    assert state(world, worker) is WorkerState.READY
    assert list(worker.held) == [attempt(1, 0, 2)]


def test_who_is_heard_of_in_a_batch_is_not_lost_in_it(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(tasks=2)
    world.clock.advance(25.0)
    ends = alike(named([attempt(job)])[0], Outcome.SUCCEEDED)
    world.step(AttemptsEnded(worker=worker.id, endings=ends), WorkerBeat(worker=worker.id, incarnation=Incarnation(1)))
    assert state(world, worker) is WorkerState.READY
    assert world.job(job).counts[TaskState.SUCCEEDED] == 1


def test_what_was_reported_in_the_batch_that_loses_its_worker_counts(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    world.clock.advance(25.0)
    worker.end()
    assert state(world, worker) is WorkerState.LOST
    assert world.counts(job) == {TaskState.SUCCEEDED: 1}


def test_joining_often_leaves_one_reminder(world: AuditedWorld) -> None:
    worker = world.join()
    for _ in range(50):
        worker.lose_link()
        worker.join()
    assert len(world.cluster.reminders) == 1
    world.advance(20.0)
    assert state(world, worker) is WorkerState.LOST
    assert len(world.cluster.reminders) == 0
    worker.join()
    assert world.advance(0.0).wake_at == world.clock.now() + 20.0


def test_a_later_start_takes_over_from_an_earlier_one(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    worker.incarnation = Incarnation(5)
    worker.join()
    old = Incarnation(1)
    world.clock.advance(19.0)
    assert world.step(WorkerBeat(worker=worker.id, incarnation=old)).messages == []
    assert world.step(LinkLost(worker=worker.id, incarnation=old)).records == []
    assert world.step(WorkerLeft(worker=worker.id, incarnation=old)).records == []
    assert attempt(job) in worker.held
    world.advance(1.0)
    assert state(world, worker) is WorkerState.LOST


def test_nobody_knows_a_worker_that_never_joined(world: AuditedWorld) -> None:
    nobody, first = WorkerId(9), Incarnation(1)
    decision = world.step(
        WorkerBeat(worker=nobody, incarnation=first),
        LinkLost(worker=nobody, incarnation=first),
        WorkerLeft(worker=nobody, incarnation=first),
    )
    assert (decision.records, decision.messages) == ([], [])


# ── away, draining, gone ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_worker_without_connection_gets_nothing_and_keeps_what_it_has(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    worker.lose_link()
    other = world.submit()
    assert state(world, worker) is WorkerState.AWAY
    assert world.holder(attempt(job).task) is worker
    assert world.holder(attempt(other).task) is None
    assert worker.lose_link().records == []
    worker.join()
    assert sorted(worker.held) == [attempt(job), attempt(other)]


def test_the_loss_of_a_connection_that_was_replaced_says_nothing(world: AuditedWorld) -> None:
    worker = world.join()
    worker.join()
    late = LinkLost(worker=worker.id, incarnation=worker.incarnation, link=1)
    assert world.step(late).records == []
    assert state(world, worker) is WorkerState.READY


def test_every_connection_has_a_welcome_of_its_own(world: AuditedWorld) -> None:
    worker = world.join()
    worker.join()
    assert [message.link for message in worker.take() if isinstance(message, Welcome)] == [1, 2]


def test_a_draining_worker_finishes_and_gets_nothing_new(world: AuditedWorld) -> None:
    worker = world.join(cpu=1000)
    job = world.submit(tasks=2)
    decision = world.step(DrainAsked(worker=worker.id))
    assert [message for _, message in decision.messages] == [Drain()]
    assert worker.state is WorkerState.DRAINING
    worker.end()
    assert not worker.held
    assert world.job(job).waiting.count == 1
    assert world.step(DrainAsked(worker=worker.id)).messages == []
    decision = world.step(DrainAsked(worker=worker.id, resume=True))
    assert decision.messages[0][1] == Drain(resume=True)
    assert len(worker.held) == 1


def test_who_drains_a_worker_is_kept(world: AuditedWorld) -> None:
    worker = world.join()
    for resume, by in ((False, "ada"), (True, "bob")):
        [kept] = world.step(DrainAsked(worker=worker.id, resume=resume, by=by)).records
        assert isinstance(kept, WorkerKept)
        assert kept.by == by
    [kept] = world.step(DrainAsked(worker=worker.id, own=True)).records
    assert isinstance(kept, WorkerKept)
    assert kept.by == ""


def test_a_beat_can_be_answered_without_a_step(world: AuditedWorld) -> None:
    worker = world.join()
    beat = WorkerBeat(worker=worker.id, incarnation=world.cluster.workers[worker.id].incarnation)
    before = world.cluster.workers[worker.id].seen_at
    assert answer_beat(world.cluster, beat) == [(worker.id, BeatHeard())]
    assert world.cluster.workers[worker.id].seen_at == before
    for stale in (replace(beat, incarnation=Incarnation(0)), replace(beat, worker=WorkerId(99))):
        assert answer_beat(world.cluster, stale) == []
    worker.lose_link()
    world.advance(20.0)
    assert state(world, worker) is WorkerState.LOST
    assert answer_beat(world.cluster, beat) == []


def test_why_a_worker_wants_nothing_is_known_to_everybody(world: AuditedWorld) -> None:
    worker = world.join("ada")

    def reason() -> str:
        return worker_view(world.cluster.workers[worker.id]).reason

    for why in ("its disk is nearly full", "its disk is nearly full; this worker was told to stop"):
        worker.take()
        world.step(DrainAsked(worker=worker.id, own=True, reason=why))
        assert reason() == world.tables.workers[worker.id].reason == why
    assert worker.take() == []  # it knows
    world.restart()
    assert reason() == "its disk is nearly full; this worker was told to stop"
    worker.join()
    assert reason() == ""
    world.step(DrainAsked(worker=worker.id))
    world.step(DrainAsked(worker=worker.id, own=True, reason="its disk is nearly full"))
    assert reason() == "drain asked"


def drain(world: AuditedWorld, worker: Hand, *, resume: bool = False, own: bool = False) -> list[Drain]:
    """What the worker hears of it."""
    worker.take()
    world.step(DrainAsked(worker=worker.id, resume=resume, own=own))
    return [message for message in worker.take() if isinstance(message, Drain)]


def test_a_worker_that_is_drained_hears_so_again_when_it_is_to_be_now(world: AuditedWorld) -> None:
    worker = world.join()
    assert drain(world, worker) == [Drain()]
    assert drain(world, worker) == []
    for _ in range(2):
        world.step(DrainAsked(worker=worker.id, now=True))
        assert [message for message in worker.take() if isinstance(message, Drain)] == [Drain(now=True)]


def test_an_operators_drain_survives_link_lease_and_server(world: AuditedWorld) -> None:
    worker = world.join()
    drain(world, worker)
    for lose in (worker.lose_link, lambda: world.advance(20.0), world.restart):
        lose()
        assert state(world, worker) is not WorkerState.DRAINING
        worker.join()
        assert state(world, worker) is WorkerState.DRAINING
        assert worker.state is WorkerState.DRAINING
    worker.lose_link()
    assert world.tables.workers[worker.id].reason == "drain asked; the connection broke"
    worker.join()
    assert drain(world, worker, resume=True) == [Drain(resume=True)]
    worker.join()
    assert state(world, worker) is WorkerState.READY


def test_a_workers_own_drain_is_its_own_to_say_again(world: AuditedWorld) -> None:
    worker = world.join()
    assert drain(world, worker, own=True) == [Drain()]
    assert world.tables.workers[worker.id].reason == "drains itself"
    world.restart()
    worker.join()
    assert state(world, worker) is WorkerState.READY


def test_a_worker_does_not_lift_an_operators_drain(world: AuditedWorld) -> None:
    worker = world.join()
    drain(world, worker, own=True)
    assert drain(world, worker) == [Drain()]
    assert drain(world, worker, own=True) == []
    assert drain(world, worker, resume=True, own=True) == [Drain()]
    assert state(world, worker) is WorkerState.DRAINING
    assert drain(world, worker, resume=True) == [Drain(resume=True)]
    assert drain(world, worker, resume=True, own=True) == []


def test_who_left_and_comes_back_is_drained_no_more(world: AuditedWorld) -> None:
    worker = world.join()
    drain(world, worker)
    worker.leave()
    world.restart()
    worker.join()
    assert state(world, worker) is WorkerState.READY


@pytest.mark.parametrize("resume", [False, True])
def test_only_a_worker_at_work_can_be_drained(world: AuditedWorld, resume: bool) -> None:  # noqa: FBT001 - a case
    worker = world.join()
    worker.leave()
    for number in (worker.id, WorkerId(9)):
        with pytest.raises(NotFound, match=f"there is no worker {number} at work"):
            world.ask(DrainAsked(worker=number, resume=resume))


def test_who_says_goodbye_holds_nothing(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    other = world.join()
    worker.leave()
    assert state(world, worker) is WorkerState.LEFT
    assert outcomes(world, job) == [Outcome.RETURNED]
    assert list(other.held) == [attempt(job, 0, 2)]
    assert worker.leave().records == []
    assert world.advance(60.0)
    assert state(world, worker) is WorkerState.LEFT


def test_who_is_gone_for_a_day_is_forgotten_when_another_one_joins(world: AuditedWorld) -> None:
    left, lost, away = world.join(), world.join(), world.join()
    left.leave()
    world.advance(20.0)
    away.join()
    world.advance(FORGET / 2)
    away.join()
    world.advance(20.0)
    world.advance(FORGET / 2)
    late = world.join()
    assert list(world.cluster.workers) == [away.id, late.id]
    assert state(world, away) is WorkerState.LOST
    assert list(world.cluster.forgotten) == [left.id, lost.id]
    world.restart()
    late.join()
    assert list(world.cluster.workers) == [away.id, late.id]
    lost.join()
    assert state(world, lost) is WorkerState.READY
    assert list(world.cluster.forgotten) == [left.id]


def test_who_left_is_not_forgotten_before_its_reminder_has_come(world: AuditedWorld) -> None:
    left = world.join()
    left.leave()
    world.clock.advance(FORGET + 1.0)
    late = world.join()
    assert list(world.cluster.workers) == [left.id, late.id]
    world.advance(60.0)
    world.join()
    assert left.id not in world.cluster.workers


def test_a_lost_worker_may_still_say_goodbye(world: AuditedWorld) -> None:
    worker = world.join()
    world.advance(20.0)
    worker.leave()
    assert state(world, worker) is WorkerState.LEFT


def test_a_draining_worker_that_goes_silent_is_lost(world: AuditedWorld) -> None:
    worker = world.join()
    world.step(DrainAsked(worker=worker.id))
    world.advance(20.0)
    assert state(world, worker) is WorkerState.LOST


def test_every_state_has_a_way_back() -> None:
    reached = {after for ways in WORKER_TRANSITIONS.values() for after in ways.values()}
    assert reached == set(WorkerState)
    assert all(WorkerState.READY in ways.values() for state, ways in WORKER_TRANSITIONS.items() if state != "READY")


def test_a_join_may_name_an_attempt_twice(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    twice = [*named([attempt(job), attempt(job)]), *named([attempt(job)])]
    world.step(
        WorkerJoined(worker=worker.id, name="w1", incarnation=Incarnation(1), machine=worker.machine, held=twice)
    )
    assert world.job(job).live[0].number == 1
