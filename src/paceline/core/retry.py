"""Another attempt, and when; or none, and why not.

The table of judgements in ``model/task.py`` says which count an outcome uses up. What remains is arithmetic.
"""

from dataclasses import dataclass

from paceline.model.ids import AttemptId
from paceline.model.job import Retry
from paceline.model.task import JUDGEMENT, POISON_LIMIT, Ending, Outcome


class Tries:
    """What a task has used up. Exists only for tasks with an attempt that did not end them."""

    __slots__ = ("failures", "losses", "number", "requeues", "suspicion")

    def __init__(self) -> None:
        self.number = 0  # of its latest attempt
        self.failures = 0
        self.losses = 0
        self.requeues = 0  # one after the other
        self.suspicion = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``outcome`` as it is recorded. ``wait``: seconds to the next attempt; below 0: there will be none."""

    outcome: Outcome
    wait: float = -1.0
    detail: str = ""


def judge(ending: Ending, attempt: AttemptId, tries: Tries, retry: Retry) -> Verdict:
    """What follows from an end. Counts it in ``tries``."""
    outcome = ending.outcome
    if outcome is Outcome.FAILED and ending.code in retry.codes:
        outcome = Outcome.REQUEUED
    judgement = JUDGEMENT[outcome]
    tries.requeues = tries.requeues + 1 if outcome is Outcome.REQUEUED else 0
    if judgement.suspicious:
        tries.suspicion += 1
        if tries.suspicion >= POISON_LIMIT:
            return Verdict(
                outcome=Outcome.POISON, detail=f"took {tries.suspicion} workers down with it: {ending.detail}"
            )
    if judgement.budget == "free":
        return Verdict(outcome=outcome, wait=_pause(ending, attempt, tries, retry) if tries.requeues else 0.0)
    wait = _charge(judgement.budget, attempt, tries, retry)
    if judgement.suspicious and tries.losses == 1:
        wait = min(wait, 0.0)  # the first time it was, most likely, the machine: the task need not wait for that
    return Verdict(outcome=outcome, wait=wait)


def _pause(ending: Ending, attempt: AttemptId, tries: Tries, retry: Retry) -> float:
    """Who asks again and again as soon as he has begun waits ever longer; who got somewhere just goes on."""
    return backoff(retry, attempt, 1 if ending.seconds >= retry.cap else tries.requeues)


def _charge(budget: str, attempt: AttemptId, tries: Tries, retry: Retry) -> float:
    if budget == "failures" and tries.failures < retry.failures:
        tries.failures += 1
    elif budget == "losses" and tries.losses < retry.losses:
        tries.losses += 1
    else:
        return -1.0
    return backoff(retry, attempt, tries.failures + tries.losses)


def backoff(retry: Retry, attempt: AttemptId, count: int) -> float:
    """Seconds to wait before further attempt ``count``: doubling, capped, spread over its upper half by the name."""
    full = min(retry.cap, retry.base * 2.0 ** min(count - 1, 30))
    return full * (0.5 + 0.5 * _spread(attempt))


def _spread(attempt: AttemptId) -> float:
    """A number in 0…1 that differs between attempts and is the same in every replay."""
    mixed = (attempt.job * 2_654_435_761) ^ (attempt.index * 2_246_822_519) ^ (attempt.number * 3_266_489_917)
    return ((mixed ^ (mixed >> 15)) & 0xFFFF) / 0xFFFF
