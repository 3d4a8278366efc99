"""The worker's machine, scenario by scenario."""

from dataclasses import replace

import pytest

from paceline.agent.frames import FRAME_LIMIT
from paceline.agent.words import (
    Beat,
    Draining,
    Flush,
    Follow,
    Forget,
    Granted,
    Heard,
    Interrupted,
    Keep,
    Leave,
    Leaving,
    Orphaned,
    Refused,
    Relink,
    Reported,
    Shipped,
    Space,
    Started,
    Unlinked,
    Woken,
)
from paceline.executor import Began, Halt, Holds, Lease, Progress, Retire, Settle, Unbegun, Unwritable
from paceline.model.columns import Endings
from paceline.model.decision import Drain, Drop, Settled, Stop
from tests.agent.world import PID, World, attempts, begun, capacity, ended, frames, function, of, program, told

# ── taking and beginning ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_fits_begins_at_once_and_the_rest_waits_its_turn() -> None:
    world = World(capacity(cpu=2000))
    assert begun(world.grant(program(), 0, 1, 2)) == [["1.0#1"], ["1.1#1"]]
    assert begun(world.end("1.0#1")) == [["1.2#1"]]
    assert world.held() == {"1.0#1", "1.1#1", "1.2#1"}


def test_a_small_one_does_not_overtake() -> None:
    world = World(capacity(cpu=2000))
    world.grant(program(1000), 0)
    assert begun(world.grant(program(2000), 1)) == []
    assert begun(world.grant(program(500), 2)) == []
    assert begun(world.end("1.0#1")) == [["1.1#1"]]
    assert begun(world.end("1.1#1")) == [["1.2#1"]]


def test_a_frame_is_kept_before_it_is_given_away() -> None:
    actions = World().grant(program(), 0)
    assert [type(action).__name__ for action in actions] == ["Keep", "Run"]


def test_a_repeated_grant_starts_no_second_copy() -> None:
    world = World()
    world.grant(program(), 0)
    assert world.grant(program(), 0) == []


def test_what_could_never_begin_here_is_refused() -> None:
    world = World(capacity(cpu=2000))
    actions = world.grant(program(3000), 0)
    assert told(actions) == {"1.0#1": "REJECTED needs more than this worker has"}


def test_nothing_begins_without_a_supervisor() -> None:
    world = World()
    world.hear(Orphaned())
    assert begun(world.grant(program(), 0)) == []
    assert begun(world.hear(Holds(pid=PID, keys=[]))) == [["1.0#1"]]


def test_what_waits_behind_long_work_goes_back() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    world.began("1.0#1")
    assert told(world.after(0.2)) == {}
    assert told(world.after(0.1)) == {"1.1#1": "RETURNED its turn did not come: other workers may be free"}


def test_nothing_goes_back_while_a_process_is_still_starting() -> None:
    world = World(capacity(cpu=1000))
    world.grant(function(), 0, 1)
    assert told(world.after(1.0)) == {}


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_travels_alone_until_its_kind_is_measured() -> None:
    world = World(capacity(cpu=1000))
    assert begun(world.grant(function(), *range(300))) == [["1.0#1"]]
    (frame,) = frames(world.hear(ended("1.0#1", seconds=0.00001)))
    assert len(frame.live) == FRAME_LIMIT


def test_a_frame_holds_four_milliseconds_of_work() -> None:
    world = World(capacity(cpu=1000))
    (frame,) = frames(world.grant(function(seconds=0.0004), *range(100)))
    assert len(frame.live) == 10


def test_a_frame_leaves_something_for_processors_that_are_free() -> None:
    world = World(capacity(cpu=2000))
    sizes = [len(keys) for keys in begun(world.grant(function(seconds=0.00001), *range(40)))]
    assert sizes == [20, 20]


def test_a_frame_books_once_and_until_its_last_call_is_over() -> None:
    world = World(capacity(cpu=1000))
    world.grant(function(seconds=0.002), 0, 1, 2)
    assert begun(world.end("1.0#1")) == []
    assert begun(world.end("1.1#1")) == [["1.2#1"]]


def test_payloads_travel_with_their_calls() -> None:
    world = World(capacity(cpu=1000))
    (frame,) = frames(world.grant(function(seconds=0.002), 0, 1, 2, payloads=[b"a", b"b", b"c"]))
    assert frame.payloads == {"1.0#1": b"a", "1.1#1": b"b"}


def test_calls_behind_one_that_turned_out_long_are_got_back() -> None:
    world = World(capacity(cpu=1000))
    world.grant(function(seconds=0.0001), 0, 1, 2)
    world.began("1.0#1")
    halts = of(world.after(0.4), Halt)
    assert [(halt.key, halt.outcome) for halt in halts] == [("1.1#1", "RETURNED"), ("1.2#1", "RETURNED")]


def test_calls_whose_process_died_before_their_turn_are_called_again_first() -> None:
    world = World(capacity(cpu=1000))
    world.grant(function(seconds=0.0003), 0, 1, 2, payloads=[b"a", b"b", b"c"])
    world.grant(function(), 3)
    world.end("1.0#1", outcome="FAILED")
    (frame,) = frames(world.hear(Unbegun(keys=["1.1#1", "1.2#1"])))
    assert frame.payloads == {"1.1#1": b"b"} or frame.payloads == {"1.1#1": b"b", "1.2#1": b"c"}
    assert world.held() == {"1.0#1", "1.1#1", "1.2#1", "1.3#1"}


# ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_end_is_kept_then_told_then_forgotten_by_the_supervisor() -> None:
    world = World()
    world.grant(program(), 0)
    assert [type(action).__name__ for action in world.end("1.0#1")] == ["Keep", "Endings", "Settle"]


def test_an_end_stays_held_until_it_is_settled() -> None:
    world = World()
    world.grant(program(), 0)
    world.end("1.0#1")
    assert world.held() == {"1.0#1"}
    actions = world.hear(Settled(attempts=attempts(0)))
    assert world.held() == set()
    assert len(of(actions, Keep)) == len(of(actions, Forget)) == 1


def test_columns_that_say_nothing_stay_empty() -> None:
    world = World()
    world.grant(program(), 0, 1)
    (endings,) = of(world.end("1.0#1", "1.1#1"), Endings)
    assert (endings.outcomes, endings.codes, endings.details, endings.results) == ((), (), (), ())


def test_ends_of_several_jobs_come_apart() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Granted(shape=program(), attempts=attempts(0, job=2)))
    endings = of(world.end("1.0#1", "2.0#1"), Endings)
    assert sorted(each.job for each in endings) == [1, 2]


def test_ends_wait_for_a_link_and_are_told_again_on_the_next() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Unlinked())
    assert told(world.end("1.0#1")) == {}
    assert told(world.link()) == {"1.0#1": "SUCCEEDED"}
    world.hear(Unlinked())
    assert told(world.link()) == {"1.0#1": "SUCCEEDED"}


def test_an_end_is_told_after_all_its_output_was_sent() -> None:
    world = World()
    world.grant(program(), 0)
    actions = world.end("1.0#1", out_end=12)
    assert told(actions) == {}
    (flush,) = of(actions, Flush)
    assert (flush.written.source.out, flush.written.out_end) == ("/w/logs/1.0.1.out", 12)
    assert told(world.hear(Shipped(keys=["1.0#1"]))) == {"1.0#1": "SUCCEEDED"}


def test_output_is_sent_again_before_an_end_is_told_again() -> None:
    world = World()
    world.grant(program(), 0)
    world.end("1.0#1", out_end=12)
    world.hear(Shipped(keys=["1.0#1"]))
    world.hear(Unlinked())
    actions = world.link()
    assert told(actions) == {}
    assert len(of(actions, Flush)) == 1
    assert told(world.hear(Shipped(keys=["1.0#1"]))) == {"1.0#1": "SUCCEEDED"}


def test_an_end_without_output_does_not_wait_for_one_with() -> None:
    world = World()
    world.grant(program(), 0, 1)
    both = replace(ended("1.0#1", "1.1#1"), out_ends=[5, 0])
    assert told(world.hear(both)) == {"1.1#1": "SUCCEEDED"}


def test_calls_of_a_frame_write_one_after_the_other_into_one_file() -> None:
    world = World(capacity(cpu=1000))
    world.grant(function(seconds=0.0003), 0, 1, 2)
    world.began("1.0#1", out_start=10)
    flushes = [flush.written for key, end in (("1.0#1", 15), ("1.1#1", 15), ("1.2#1", 18))
               for flush in of(world.end(key, out_end=end), Flush)]  # fmt: skip
    assert [(str(w.attempt), w.source.out_start, w.out_end) for w in flushes] == [("1.0#1", 10, 15), ("1.2#1", 15, 18)]


def test_programs_of_a_frame_write_to_files_of_their_own() -> None:
    world = World(capacity(cpu=1000))
    (frame,) = frames(world.grant(program(seconds=0.001), 0, 1, 2))
    assert list(frame.live) == ["1.0#1", "1.1#1", "1.2#1"]
    world.hear(Began(key="1.1#1", out="/w/logs/1.1.1.out", err="/w/logs/1.1.1.err", out_start=7))  # it was there before
    flushes = [flush.written for key, end in (("1.0#1", 4), ("1.1#1", 9), ("1.2#1", 5))
               for flush in of(world.end(key, out_end=end), Flush)]  # fmt: skip
    assert [(w.source.out, w.source.out_start, w.out_end) for w in flushes] == [
        ("/w/logs/1.0.1.out", 0, 4),
        ("/w/logs/1.1.1.out", 7, 9),
        ("/w/logs/1.2.1.out", 0, 5),
    ]


def test_a_long_program_of_a_frame_is_followed_where_it_writes() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(seconds=0.001), 0, 1)
    world.end("1.0#1")
    world.hear(Began(key="1.1#1", out="/w/logs/1.1.1.out", err="/w/logs/1.1.1.err"))
    assert [follow.source.out for follow in of(world.after(0.1), Follow)] == ["/w/logs/1.1.1.out"]


def test_ends_of_strangers_are_settled_and_not_told() -> None:
    world = World()
    actions = world.end("9.9#9")
    assert told(actions) == {}
    assert [list(settle.keys) for settle in of(actions, Settle)] == [["9.9#9"]]


# ── stopping and dropping ───────────────────────────────────────────────────────────────────────────────────────────


def test_stopping_ends_what_waits_here_and_halts_what_runs() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(grace=3.0), 0, 1)
    actions = world.hear(Stop(attempts=attempts(0, 1, 7), reason="not needed"))
    assert told(actions) == {"1.1#1": "CANCELLED not needed"}
    assert of(actions, Halt) == [Halt(key="1.0#1", outcome="CANCELLED", detail="not needed", grace=3.0)]
    assert told(world.end("1.0#1", outcome="CANCELLED")) == {"1.0#1": "CANCELLED"}


def test_stopping_twice_says_nothing_new() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Stop(attempts=attempts(0), reason=""))
    assert of(world.hear(Stop(attempts=attempts(0), reason="")), Halt) == []


def test_dropped_work_is_killed_and_never_told() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    actions = world.hear(Drop(attempts=attempts(0, 1)))
    assert [(halt.key, halt.grace) for halt in of(actions, Halt)] == [("1.0#1", 0.0)]
    assert world.held() == set()
    actions = world.end("1.0#1", outcome="LOST")
    assert told(actions) == {}
    assert len(of(actions, Settle)) == len(of(actions, Forget)) == 1


def test_dropped_work_books_until_it_is_gone() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0)
    world.hear(Drop(attempts=attempts(0)))
    assert begun(world.grant(program(), 1)) == []
    assert begun(world.end("1.0#1")) == [["1.1#1"]]


def test_a_stop_made_harder_by_a_drop_is_said_again() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Stop(attempts=attempts(0), reason=""))
    assert [halt.grace for halt in of(world.hear(Drop(attempts=attempts(0))), Halt)] == [0.0]


def test_an_end_that_was_dropped_is_not_told_again() -> None:
    world = World()
    world.grant(program(), 0)
    world.end("1.0#1")
    world.hear(Drop(attempts=attempts(0)))
    world.hear(Unlinked())
    assert told(world.link()) == {}


# ── news of what runs ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_start_is_told_once_it_lasts() -> None:
    world = World()
    world.grant(program(), 0)
    world.began("1.0#1")
    assert of(world.after(0.04), Started) == []
    actions = world.after(0.02)
    assert [list(started.attempts.indexes) for started in of(actions, Started)] == [[0]]
    assert len(of(actions, Follow)) == 1
    assert of(world.after(1.0), Started) == []


def test_a_short_one_is_never_told_as_started() -> None:
    world = World()
    world.grant(program(), 0)
    world.began("1.0#1")
    world.end("1.0#1")
    assert of(world.after(1.0), Started) == []


def test_progress_is_passed_on() -> None:
    world = World()
    world.grant(program(), 0)
    (report,) = of(world.hear(Progress(key="1.0#1", step=3, values="{}")), Reported)
    assert (str(report.attempt), report.step) == ("1.0#1", 3)
    assert world.hear(Progress(key="9.9#1", step=3, values="{}")) == []


# ── the supervisor ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_supervisors_work_is_lost_once_the_next_one_spoke() -> None:
    world = World()
    world.grant(program(), 0, 1)
    world.hear(Stop(attempts=attempts(1), reason="stopped"))
    assert told(world.hear(Orphaned())) == {}
    assert told(world.hear(Holds(pid=PID + 1, keys=[]))) == {
        "1.0#1": "LOST the supervisor died",
        "1.1#1": "CANCELLED stopped",
    }


def test_dropped_work_of_a_dead_supervisor_is_forgotten() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Drop(attempts=attempts(0)))
    world.hear(Orphaned())
    assert told(world.hear(Holds(pid=PID + 1, keys=[]))) == {}


def test_the_same_supervisor_is_given_a_moment_to_tell_its_ends() -> None:
    world = World()
    world.grant(program(), 0, 1)
    world.hear(Orphaned())
    assert told(world.hear(Holds(pid=PID, keys=[]))) == {}
    assert told(world.end("1.0#1")) == {"1.0#1": "SUCCEEDED"}
    assert told(world.after(1.1)) == {"1.1#1": "RETURNED never reached the supervisor"}


def test_a_supervisor_hears_again_what_it_has_to_end() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Stop(attempts=attempts(0), reason="x"))
    world.hear(Orphaned())
    assert [halt.key for halt in of(world.hear(Holds(pid=PID, keys=["1.0#1"])), Halt)] == ["1.0#1"]


def test_what_we_know_nothing_of_is_killed() -> None:
    world = World(peers=False)
    assert [halt.key for halt in of(world.hear(Holds(pid=PID, keys=["9.9#9"])), Halt)] == ["9.9#9"]


def test_stopped_calls_that_did_not_begin_are_not_called_again() -> None:
    world = World(capacity(cpu=1000))
    world.grant(function(seconds=0.0003), 0, 1)
    world.hear(Stop(attempts=attempts(1), reason="x"))
    assert told(world.hear(Unbegun(keys=["1.1#1"]))) == {"1.1#1": "CANCELLED x"}


# ── the lease ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_beats_go_out_and_their_answers_reach_the_supervisor() -> None:
    world = World()
    world.now += 5.0
    (beat,) = of(world.hear(Woken()), Beat)
    world.now += 1.0
    (lease,) = of(world.hear(Heard(number=beat.number)), Lease)
    assert lease.seconds == pytest.approx(15.0)  # four fifths of 20 s, from when the beat was sent


def test_an_answer_that_is_late_does_not_shorten_the_lease() -> None:
    world = World()
    numbers = []
    for _ in range(2):
        world.now += 5.0
        numbers += [beat.number for beat in of(world.hear(Woken()), Beat)]
    assert len(of(world.hear(Heard(number=numbers[1])), Lease)) == 1
    assert of(world.hear(Heard(number=numbers[0])), Lease) == []


def test_unheard_for_too_long_the_hand_is_void() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    world.now += 16.0
    actions = world.hear(Woken())
    assert world.held() == {"1.0#1"}
    assert len(of(actions, Relink)) == 1
    assert told(world.grant(program(), 5)) == {"1.5#1": "RETURNED the lease was over"}


def test_work_goes_on_without_a_link_until_the_lease_is_over() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    world.hear(Unlinked())
    world.now += 10.0
    assert begun(world.end("1.0#1")) == [["1.1#1"]]
    world.now += 10.0
    assert of(world.hear(Woken()), Relink) == []


def test_a_server_that_is_down_on_this_host_extends_the_lease() -> None:
    world = World()
    world.hear(Unlinked())
    world.now += 15.0
    assert [lease.seconds for lease in of(world.hear(Refused()), Lease)] == [16.0]


def test_a_new_supervisor_learns_the_lease() -> None:
    world = World()
    world.hear(Orphaned())
    world.now += 6.0
    assert [lease.seconds for lease in of(world.hear(Holds(pid=PID + 1, keys=[])), Lease)] == [pytest.approx(10.0)]


# ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_drained_worker_gives_back_what_waits_and_leaves_when_the_rest_is_settled() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    assert told(world.hear(Drain())) == {"1.1#1": "RETURNED the server drains this worker"}
    assert of(world.end("1.0#1"), Leave) == []
    actions = world.hear(Settled(attempts=attempts(0, 1)))
    assert [len(of(actions, kind)) for kind in (Leaving, Retire, Leave)] == [1, 1, 1]
    assert of(world.after(1.0), Leave) == []


def test_a_worker_drained_now_interrupts_what_it_runs() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    world.hear(Drain())
    [halt] = of(world.hear(Drain(now=True)), Halt)
    assert (halt.key, halt.outcome, halt.detail) == ("1.0#1", "INTERRUPTED", "the server drains this worker")
    assert halt.grace == program().spec.grace
    assert of(world.hear(Drain(now=True)), Halt) == [], "it is being done"


def test_a_drain_can_be_taken_back() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Drain())
    world.hear(Drain(resume=True))
    assert begun(world.grant(program(), 1)) == [["1.1#1"]]


def test_work_that_comes_while_draining_goes_straight_back() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Drain())
    assert told(world.grant(program(), 1)) == {"1.1#1": "RETURNED the server drains this worker"}


def test_the_first_interrupt_lets_work_finish() -> None:
    world = World()
    world.grant(program(), 0)
    actions = world.hear(Interrupted())
    assert of(actions, Draining) == [Draining(reason="this worker was told to stop")]
    assert of(actions, Halt) == []
    world.end("1.0#1")
    assert len(of(world.hear(Settled(attempts=attempts(0))), Leave)) == 1


def test_the_second_interrupt_stops_it() -> None:
    world = World()
    world.grant(program(grace=2.0), 0)
    world.hear(Interrupted())
    (halt,) = of(world.hear(Interrupted()), Halt)
    assert (halt.outcome, halt.grace) == ("INTERRUPTED", 2.0)


def test_the_third_interrupt_leaves_everything_behind() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Interrupted())
    world.hear(Interrupted())
    actions = world.hear(Interrupted())
    assert (len(of(actions, Leave)), of(actions, Leaving)) == (1, [])


def test_without_a_server_nobody_waits_for_its_word() -> None:
    world = World()
    world.grant(program(), 0)
    world.end("1.0#1")
    world.hear(Unlinked())
    assert len(of(world.hear(Interrupted()), Leave)) == 1


def test_a_new_link_hears_that_we_drain() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Interrupted())
    world.hear(Unlinked())
    assert of(world.link(), Draining) == [Draining(reason="this worker was told to stop")]


# ── a full disk ─────────────────────────────────────────────────────────────────────────────────────────────────────

MIB = 1 << 20


def test_a_full_disk_takes_no_new_work_and_does_not_leave() -> None:
    world = World(capacity(cpu=1000))
    world.grant(program(), 0, 1)
    actions = world.hear(Space(free=10 * MIB))
    assert told(actions) == {"1.1#1": "RETURNED its disk is nearly full"}
    assert of(actions, Draining) == [Draining(reason="its disk is nearly full")]
    world.hear(Drain())  # the server's word on our own
    world.end("1.0#1")
    assert of(world.hear(Settled(attempts=attempts(0, 1))), Leave) == []


def test_work_is_taken_again_once_there_is_clearly_room() -> None:
    world = World()
    world.hear(Space(free=10 * MIB))
    assert of(world.hear(Space(free=100 * MIB)), Draining) == []
    assert of(world.hear(Space(free=200 * MIB)), Draining) == [Draining(resume=True)]
    assert begun(world.grant(program(), 0)) == [["1.0#1"]]


def test_somebody_elses_resume_does_not_make_room() -> None:
    world = World()
    world.hear(Space(free=10 * MIB))
    assert of(world.hear(Drain(resume=True)), Draining) == [Draining(reason="its disk is nearly full")]


def test_room_does_not_take_back_an_interrupt() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Space(free=10 * MIB))
    world.hear(Interrupted())
    assert of(world.hear(Space(free=200 * MIB)), Draining) == [Draining(reason="this worker was told to stop")]


READ_ONLY = "its disk cannot be written: read-only file system"


def test_a_disk_that_cannot_be_written_takes_no_new_work_whatever_is_free() -> None:
    world = World()
    actions = world.hear(Space(free=200 * MIB, fault="read-only file system"))
    assert of(actions, Draining) == [Draining(reason=READ_ONLY)]
    assert told(world.grant(program(), 0)) == {"1.0#1": f"RETURNED {READ_ONLY}"}
    assert of(world.hear(Space(free=200 * MIB, fault="read-only file system")), Draining) == []
    assert of(world.hear(Space(free=200 * MIB)), Draining) == [Draining(resume=True)]


def test_why_the_disk_takes_nothing_is_told_anew_when_it_changes() -> None:
    world = World()
    world.hear(Space(free=200 * MIB, fault="read-only file system"))
    assert of(world.hear(Space(free=MIB)), Draining) == [Draining(reason="its disk is nearly full")]


def test_what_the_disk_kept_from_beginning_goes_back_and_so_does_the_rest() -> None:
    world = World(capacity(cpu=2000))
    world.grant(program(), 0, 1, 2)
    actions = world.hear(Unwritable(keys=["1.0#1"], fault="read-only file system"))
    assert told(actions) == {"1.2#1": f"RETURNED {READ_ONLY}", "1.0#1": f"RETURNED {READ_ONLY}"}
    said = [type(action) for action in actions if isinstance(action, Draining | Endings)]
    assert said[0] is Draining  # else the server would give it to us again
    assert world.held() == {"1.0#1", "1.1#1", "1.2#1"}
    assert told(world.end("1.1#1")) == {"1.1#1": "SUCCEEDED"}


def test_what_the_disk_kept_from_beginning_may_have_been_cancelled() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Stop(attempts=attempts(0), reason="by ada"))
    assert told(world.hear(Unwritable(keys=["1.0#1"], fault="no space left on device"))) == {
        "1.0#1": "CANCELLED by ada"
    }


def test_a_begin_of_a_stranger_is_nothing() -> None:
    assert World().hear(Began(key="9.9#1", out="", err="")) == []
