"""Which seed finds each bug first, and how, as ``python -m tests.simulation.mutants`` prints it.

The tests ask these first. A change of the simulation makes others of them: then a test takes longer, and no more.
"""

from collections.abc import Mapping

FOUND: Mapping[str, int] = {
    "a blind terminal write": 12,  # AssertionError: I3: 1.0#3: the current attempt is #4
    "an end counts by its worker": 12,  # AssertionError: I3: 1.0#3: the current attempt is #4
    "a reported end leaks": 0,  # AssertionError: w1: cpu books are wrong
    "a lost attempt leaks": 16,  # AssertionError: w2: cpu books are wrong
    "a job's share leaks": 0,  # AssertionError: job 1: busy is wrong
    "a double grant": 0,  # AssertionError: job 1: a task stands in two places
    "a restart extends no lease": 75,  # AssertionError: I9: 1.0#1: its end is kept, and it runs
    "a lease is over too early": 58,  # AssertionError: I9: 2.0#1: its end is kept, and it runs
    "a beat does not count": 1,  # AssertionError: I9: 4.0#1: its end is kept, and it runs
    "a lease is never over": 160,  # AssertionError: I11: job 1 is not over
    "a late report counts after the lease": 16,  # AssertionError: w2: gone, but holds attempts
    "the incarnation is ignored": 306,  # AssertionError: I9: 5.1#1: its end is kept, and it runs
    "the loss of an old link counts": 70,  # AssertionError: I11: a worker is not at work
    "what a worker lost is believed": 0,  # AssertionError: I11: job 1 is not over
    "a cancel is not repeated": 57,  # AssertionError: I11: job 1 is not over
    "numbers are used again": 9,  # AssertionError: store: 1.7#1 is already kept
    "one retry too many": 1,  # AssertionError: 6.1#1: tried again after 0 losses
    "one retry too few": 3,  # AssertionError: 3.2#1: not tried again after LAUNCH
    "a back-off is not waited for": 0,  # AssertionError: 1.0#3: before its back-off was over
    "a back-off is nothing": 0,  # AssertionError: 1.1#1: tried again after 0.0 s, 0.25 at least
    "poison is tried once more": 11,  # AssertionError: 4.0#3: tried again after it took 3 workers down
    "what is cancelled is tried again": 4,  # AssertionError: 3.1#1: tried again after it was cancelled
    "a limit is ignored": 0,  # AssertionError: job 1: over its limit
    "a dependency is ignored": 1,  # AssertionError: I8: AttemptsGranted(worker=2, attempts=Attempts(job=5, indexes=[
    "a failed dependency is ignored": 1,  # AssertionError: I8: AttemptsGranted(worker=2, attempts=Attempts(job=2, ind
    "a start time is ignored": 2,  # AssertionError: AttemptsGranted(worker=1, attempts=Attempts(job=1, indexes=[0, 1
    "a submission counts twice": 0,  # AssertionError: I1, I14: told [2], kept [1, 2] for ada0
    "appended tasks count twice": 443,  # AssertionError: 2.1#1: got another task's payload
    "an open job is over": 6,  # AssertionError: I11: job 3 is not over
    "a cancel is not kept": 0,  # AssertionError: I1: 1.1#2: said to stop, and not cancelled
    "a cancel is not carried out": 0,  # AssertionError: 1.1#2: tried again after it was cancelled
    "cancelled is said before it is so": 0,  # AssertionError: I9: 1.1#2: its end is kept, and it runs
    "ack before spool": 1,  # AssertionError: I3: 1.0#1 began on worker 2, which does not know of it
    "ack although the spool is full": 454,  # AssertionError: I3: 1.0#1 is given back unbegun, and began
    "ends are not read from the spool": 370,  # AssertionError: I3: 2.2#1 is given back unbegun, and began
    "what ran is not read from the spool": 1,  # AssertionError: I3: 1.0#1 began on worker 2, which does not know of i
    "an end is told before its output": 2,  # AssertionError: I12: 1.1#1: its end came before all its output
    "ends are not told again": 4,  # AssertionError: I11: job 1 is not over
    "settled ends are kept": 0,  # AssertionError: I10: a worker still holds something
    "any supervisor will do": 11,  # AssertionError: I3: 4.0#1 is given back unbegun, and began
    "what never arrived is waited for": 38,  # AssertionError: I11: job 1 is not over
    "unbegun attempts are forgotten": 62,  # AssertionError: I11: job 1 is not over
    "cancelled is said while it runs": 0,  # AssertionError: I9: 1.1#2: its end is kept, and it runs
    "a cancel forgets the hand": 54,  # AssertionError: I9: 1.2#1 begins 1.029 s after its worker heard of its cancel
    "the supervisor is told of no lease": 16,  # AssertionError: I9: 2.0#1: its end is kept, and it runs
    "the supervisor has no lease": 16,  # AssertionError: I9: 2.0#1: its end is kept, and it runs
    "the worker's lease is the longer one": 16,  # AssertionError: I9: 2.0#1: its end is kept, and it runs
    "a void hand is begun": 70,  # AssertionError: it does not come to rest
    "a hand is not given back by a drain": 134,  # AssertionError: something waits that will not be begun
    "the agent's books leak": 0,  # AssertionError: booking does not add up
    "the agent books what is not free": 1,  # AssertionError: I6: 6.2#1 begins on w2, which has no cpu left
    "arguments are confused": 1,  # AssertionError: 6.1#1: got another task's payload
    "a repeated grant is taken": 62,  # AssertionError: an attempt is in two places
    "the supervisor tells a new agent no ends": 3,  # AssertionError: I3: 5.0#1 is given back unbegun, and began
    "beginnings are not told again": 3,  # AssertionError: I12: 5.0#1: its end came before all its output
    "speak before save": 0,  # AssertionError: I1: 1.0#1: said to be granted, and is not
    "silence is no proof": 44,  # AssertionError: I1: told that 4.0 is cancelled
    "a full disk is taken for kept": 2,  # AssertionError: I1, I14: told [1, 2], kept None for ada0
    "nobody is answered": 0,  # AssertionError: I11: somebody still waits for an answer
    "a stale term may write": 1,  # AssertionError: I15: term 1 wrote in term 2
}
