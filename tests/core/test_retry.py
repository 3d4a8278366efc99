"""Another attempt, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.core.retry import Tries, backoff, judge
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Retry
from paceline.model.task import JUDGEMENT, POISON_LIMIT, Ending, Outcome

ATTEMPT = AttemptId(JobId(3), 17, 1)


@given(st.integers(1, 200), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 99))
def test_waits_double_up_to_the_cap_and_spread_over_the_upper_half(
    count: int, job: int, index: int, number: int
) -> None:
    retry = Retry(base=2.0, cap=100.0)
    wait = backoff(retry, AttemptId(JobId(job), index, number), count)
    full = min(100.0, 2.0 * 2.0 ** min(count - 1, 30))
    assert full / 2 <= wait <= full


def test_neighbours_do_not_come_back_together() -> None:
    waits = {backoff(Retry(), AttemptId(JobId(1), index, 1), 1) for index in range(1_000)}
    assert len(waits) > 900
    assert max(waits) - min(waits) > 0.4


def test_the_same_attempt_always_waits_as_long() -> None:
    assert backoff(Retry(), ATTEMPT, 1) == backoff(Retry(), ATTEMPT, 1)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_verdict_and_in_the_end_the_same(outcome: Outcome) -> None:
    tries, retry = Tries(), Retry(failures=5, losses=5)
    waits = [judge(Ending(outcome=outcome, code=1), ATTEMPT, tries, retry).wait for _ in range(20)]
    budget = JUDGEMENT[outcome].budget
    if budget == "free":
        assert min(waits) >= 0.0
    else:
        assert waits[-1] < 0.0
    if budget == "none":
        assert max(waits) < 0.0


def test_poison_says_what_it_took_down() -> None:
    tries = Tries()
    ending = Ending(outcome=Outcome.LOST, detail="worker w1 was not heard of for 20 s")
    verdicts = [judge(ending, ATTEMPT, tries, Retry()) for _ in range(POISON_LIMIT)]
    assert verdicts[-1].outcome is Outcome.POISON
    assert verdicts[-1].detail == "took 3 workers down with it: worker w1 was not heard of for 20 s"


def test_a_code_that_asks_for_a_requeue_is_none_when_the_task_succeeded_or_was_lost() -> None:
    assert judge(Ending(outcome=Outcome.OOM, code=75), ATTEMPT, Tries(), Retry()).outcome is Outcome.OOM
    assert judge(Ending(outcome=Outcome.FAILED, code=75), ATTEMPT, Tries(), Retry()).wait >= Retry().base / 2
    assert judge(Ending(outcome=Outcome.FAILED, code=75), ATTEMPT, Tries(), Retry(codes=())).wait < 0


def test_the_first_loss_is_the_machines_and_the_task_does_not_wait_for_it() -> None:
    tries = Tries()
    lost = Ending(outcome=Outcome.LOST)
    assert judge(lost, ATTEMPT, tries, Retry()).wait == 0.0
    assert judge(lost, ATTEMPT, tries, Retry()).wait > 0.0
    assert judge(lost, ATTEMPT, Tries(), Retry(losses=0)).wait < 0.0


def test_who_asks_to_be_tried_again_at_once_waits_ever_longer_and_who_worked_for_long_does_not() -> None:
    tries, retry = Tries(), Retry(base=1.0, cap=60.0)

    def wait(seconds: float) -> float:
        return judge(Ending(outcome=Outcome.REQUEUED, seconds=seconds), ATTEMPT, tries, retry).wait

    waits = [wait(0.1) for _ in range(12)]
    assert waits[0] <= 1.0 < waits[2] < waits[4]
    assert max(waits) <= 60.0
    assert wait(61.0) <= 1.0
    judge(Ending(outcome=Outcome.INTERRUPTED), ATTEMPT, tries, retry)
    assert wait(0.1) <= 1.0
