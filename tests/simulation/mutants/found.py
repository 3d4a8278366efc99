"""Which seed finds each bug first, and how, as ``python -m tests.simulation.mutants`` prints it.

The tests ask these first. A change of the simulation makes others of them: then a test takes longer, and no more.
"""

from collections.abc import Mapping

FOUND: Mapping[str, int] = {
    "a blind terminal write": 11,  # AssertionError: I9: 3.1#3: its end is kept, and it runs
    "an end counts by its worker": 11,  # AssertionError: I9: 3.1#3: its end is kept, and it runs
    "a reported end leaks": 0,  # AssertionError: w1: cpu books are wrong
    "a lost attempt leaks": 11,  # AssertionError: w1: cpu books are wrong
    "a job's share leaks": 0,  # AssertionError: job 4: busy is wrong
    "a double grant": 0,  # AssertionError: job 4: a task stands in two places
    "a restart extends no lease": 69,  # AssertionError: I9: 1.0#2: its end is kept, and it runs
    "a lease is over too early": 538,  # AssertionError: I9: 1.1#1: its end is kept, and it runs
    "a beat does not count": 8,  # AssertionError: I9: 4.1#1: its end is kept, and it runs
    "a lease is never over": 63,  # AssertionError: I11: job 1 is not over
    "a late report counts after the lease": 11,  # AssertionError: w1: gone, but holds attempts
    "the incarnation is ignored": 135,  # AssertionError: I11: a worker is not at work
    "the loss of an old link counts": 60,  # AssertionError: I11: job 1 is not over
    "what a worker lost is believed": 6,  # AssertionError: I11: job 1 is not over
    "a cancel is not repeated": 18,  # AssertionError: I11: job 2 is not over
    "numbers are used again": 20,  # AssertionError: store: 1.3#1 is already kept
    "one retry too many": 0,  # AssertionError: 4.1#1: tried again after 0 failures
    "one retry too few": 2,  # AssertionError: 2.1#3: not tried again after TIMEOUT
    "a back-off is not waited for": 2,  # AssertionError: 2.1#2: before its back-off was over
    "a back-off is nothing": 2,  # AssertionError: 2.1#1: tried again after 0.0 s, 1.0 at least
    "poison is tried once more": 11,  # AssertionError: 3.1#3: tried again after it took 3 workers down
    "what is cancelled is tried again": 8,  # AssertionError: 1.1#1: tried again after it was cancelled
    "a limit is ignored": 5,  # AssertionError: job 1: over its limit
    "a dependency is ignored": 0,  # AssertionError: I8: AttemptsGranted(worker=1, attempts=Attempts(job=1, indexes=[
    "a failed dependency is ignored": 0,  # AssertionError: I8: AttemptsGranted(worker=1, attempts=Attempts(job=3, index
    "a start time is ignored": 11,  # AssertionError: AttemptsGranted(worker=1, attempts=Attempts(job=1, indexes=[0, 1
    "a submission counts twice": 1,  # AssertionError: I1, I14: told [8, 9], kept [5, 6, 8, 9] for bob1
    "appended tasks count twice": 82,  # AssertionError: 2.1#1: got another task's payload
    "an open job is over": 4,  # AssertionError: I11: job 2 is not over
    "a cancel is not kept": 0,  # AssertionError: 3.0: its job is over, it is not
    "a cancel is not carried out": 1,  # AssertionError: I11: job 2 is not over
    "cancelled is said before it is so": 1,  # AssertionError: I9: 2.0#1: its end is kept, and it runs
    "ack before spool": 0,  # AssertionError: I3: 4.0#1 began on worker 1, which does not know of it
    "ack although the spool is full": 20,  # AssertionError: I3: 1.0#1 is given back unbegun, and began
    "ends are not read from the spool": 401,  # AssertionError: I3: 1.0#1 is given back unbegun, and began
    "what ran is not read from the spool": 0,  # AssertionError: I3: 4.0#1 began on worker 1, which does not know of it
    "an end is told before its output": 2,  # AssertionError: I12: 2.0#1: its end came before all its output
    "ends are not told again": 4,  # AssertionError: I11: job 1 is not over
    "settled ends are kept": 0,  # AssertionError: I10: a worker still holds something
    "any supervisor will do": 0,  # AssertionError: I3: 2.0#1 is given back unbegun, and began
    "what never arrived is waited for": 8,  # AssertionError: I11: job 3 is not over
    "unbegun attempts are forgotten": 1127,  # AssertionError: I11: job 1 is not over
    "cancelled is said while it runs": 1,  # AssertionError: I9: 2.0#1: its end is kept, and it runs
    "a cancel forgets the hand": 707,  # AssertionError: I9: 4.2#1 begins 0.090 s after its worker heard of its cancel
    "the supervisor is told of no lease": 59,  # AssertionError: it does not come to rest
    "the supervisor has no lease": 529,  # AssertionError: I9: 4.0#1: its end is kept, and it runs
    "the worker's lease is the longer one": 13,  # AssertionError: I9: 4.0#1: its end is kept, and it runs
    "a void hand is begun": 59,  # AssertionError: it does not come to rest
    "a hand is not given back by a drain": 699,  # AssertionError: something waits that will not be begun
    "the agent's books leak": 0,  # AssertionError: booking does not add up
    "the agent books what is not free": 4,  # AssertionError: I6: 4.3#1 begins on w2, which has no cpu left
    "arguments are confused": 0,  # AssertionError: 2.1#1: got another task's payload
    "a repeated grant is taken": 47,  # AssertionError: the key table is not that of the frames
    "the supervisor tells a new agent no ends": 4,  # AssertionError: I3: 4.0#1 is given back unbegun, and began
    "beginnings are not told again": 1,  # AssertionError: I12: 4.0#1: its end came before all its output
    "speak before save": 0,  # AssertionError: I1: 1.0#1: said to be granted, and is not
    "silence is no proof": 221,  # AssertionError: I1: told that 2.0 is cancelled
    "a full disk is taken for kept": 2,  # AssertionError: I1, I14: told [1], kept None for ada0
    "nobody is answered": 0,  # AssertionError: I11: somebody still waits for an answer
    "a stale term may write": 1,  # AssertionError: I15: term 1 wrote in term 2
}
