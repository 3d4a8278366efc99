"""Users: they submit, append, cancel and drain, and repeat whatever was not answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from paceline.model.decision import Answer, Done, Submitted
from paceline.model.errors import PacelineError
from paceline.model.events import CancelAsked, DrainAsked, Event, JobClosed, JobsSubmitted, TasksAppended
from paceline.model.ids import JobId, TaskId, WorkerId
from paceline.model.job import JobSpec, Range, Retry
from paceline.model.resources import Need
from paceline.model.task import TaskState
from paceline.testing.world import job_spec
from tests.simulation.agent import Stage
from tests.simulation.server import Server
from tests.simulation.timeline import Timeline


@dataclass(slots=True)
class Question:
    """Something asked until it is answered. ``make`` builds it anew for each try."""

    make: Callable[[], Event]
    then: Callable[[Answer], None]
    answered: bool = False


class User:
    """See the module."""

    def __init__(self, timeline: Timeline, server: Server, stage: Stage, name: str) -> None:
        self.accepted: dict[str, Sequence[JobId]] = {}  # token → jobs
        self.busy = 0  # questions not yet answered, open jobs not yet closed
        self._timeline = timeline
        self._server = server
        self._stage = stage
        self._name = name

    def begin(self, submissions: int, span: float) -> None:
        """Submit so many times within so many seconds."""
        for number in range(submissions):
            self.busy += 1
            self._timeline.soon(lambda token=f"{self._name}{number}": self._submit(token), span)  # type: ignore[misc]

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, make: Callable[[], Event], then: Callable[[Answer], None]) -> None:
        self._try(Question(make, then))

    def _try(self, question: Question) -> None:
        if question.answered:
            return

        def reply(answer: Answer) -> None:
            if not question.answered and self._timeline.happens(0.9):  # else the answer got lost
                question.answered = True
                self._timeline.note(self._name, "is told", answer)
                question.then(answer)

        self._server.post(question.make(), reply)
        self._timeline.after(self._timeline.chance.uniform(2.0, 6.0), lambda: self._try(question))

    # ── submitting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _submit(self, token: str) -> None:
        chance = self._timeline.chance
        earlier = [job for jobs in self.accepted.values() for job in jobs]
        after = tuple(sorted(set(chance.sample(earlier, min(len(earlier), chance.choice([0, 0, 0, 1, 2]))))))
        specs = [self._spec(f"j{n}", after if n == 0 else ()) for n in range(chance.choice([1, 1, 2, 3]))]
        if len(specs) > 1 and chance.random() < 0.5:
            specs[0] = replace(specs[0], after_names=(specs[-1].name,))
        payloads = [
            [f"{token}/{spec.name}/{index}".encode() for index in range(spec.ranges[0].stop)] if not spec.open else []
            for spec in specs
        ]
        self._ask(
            lambda: self._submission(specs, payloads, token), lambda answer: self._on_submitted(token, specs, answer)
        )

    def _submission(self, specs: Sequence[JobSpec], payloads: Sequence[Sequence[bytes]], token: str) -> JobsSubmitted:
        tables = self._server.tables
        known = [number for number, job in sorted(tables.jobs.items()) if job.kept.token == token]
        ended = {
            number: job.state == TaskState.SUCCEEDED for number, job in tables.jobs.items() if job.counts is not None
        }
        return JobsSubmitted(specs=specs, token=token, digest=token, payloads=payloads, ended=ended, known=known)

    def _spec(self, name: str, after: tuple[JobId, ...]) -> JobSpec:
        chance = self._timeline.chance
        need = Need(cpu=chance.choice([250, 1000, 1000, 2000]), memory=chance.choice([0, 0, 1 << 30]))
        needs = (need,) if chance.random() < 0.8 else (replace(need, cpu=2000), replace(need, cpu=500))
        retry = Retry(
            failures=chance.choice([0, 1, 3]), losses=chance.choice([0, 3, 9]), base=chance.choice([0.0, 0.5, 2.0])
        )
        return replace(
            job_spec(name, tasks=chance.choice([1, 1, 3, 10, 30])),
            needs=needs,
            priority=chance.choice([0, 0, 1]),
            limit=chance.choice([0, 0, 1, 3]),
            not_before=chance.choice([0.0, 0.0, 0.0, self._timeline.now + 8.0]),
            after=after,
            retry=retry,
            open=chance.random() < 0.2,
        )

    def _on_submitted(self, token: str, specs: Sequence[JobSpec], answer: Answer) -> None:
        assert isinstance(answer, Submitted), answer
        assert token not in self.accepted
        self.accepted[token] = answer.jobs
        self.busy -= 1
        for job, spec in zip(answer.jobs, specs, strict=True):
            if spec.open:
                self.busy += 1
                self._append(job, 0, self._timeline.chance.choice([0, 3, 12]))
            else:
                for index in range(spec.ranges[0].stop):
                    self._stage.payloads[TaskId(job, index)] = f"{token}/{spec.name}/{index}".encode()
            if self._timeline.happens(0.3):
                self._timeline.soon(lambda job=job: self._cancel(job), 20.0)  # type: ignore[misc]

    def _append(self, job: JobId, first: int, left: int) -> None:
        if not left:
            self._ask(lambda: JobClosed(job=job), self._on_closed)
            return
        count = min(left, self._timeline.chance.choice([1, 2, 5]))
        payloads = [f"{job}/{index}".encode() for index in range(first, first + count)]
        for index, payload in enumerate(payloads, first):
            self._stage.payloads[TaskId(job, index)] = payload

        def then(answer: Answer) -> None:
            if isinstance(answer, Done):
                self._append(job, first + count, left - count)
            else:
                assert isinstance(answer, PacelineError)  # it was cancelled meanwhile
                self.busy -= 1

        self._ask(lambda: TasksAppended(job=job, first=first, payloads=payloads), then)

    def _on_closed(self, answer: Answer) -> None:
        assert answer == Done()
        self.busy -= 1

    def _cancel(self, job: JobId) -> None:
        chance = self._timeline.chance
        start = chance.randrange(10)
        part = (Range(start=start, stop=start + chance.randrange(1, 20), step=chance.choice([1, 2])),)
        event = CancelAsked(job=job, ranges=part if chance.random() < 0.7 else (), by=self._name, reason="enough")
        self._ask(lambda: event, lambda answer: None)


class Operator:
    """Drains workers, and thinks better of it."""

    def __init__(self, timeline: Timeline, server: Server, workers: int) -> None:
        self._timeline = timeline
        self._server = server
        self._workers = workers

    def act(self) -> None:
        """Once."""
        worker = WorkerId(self._timeline.chance.randrange(1, self._workers + 1))
        resume = self._timeline.happens(0.5)
        self._timeline.note("operator", f"{'resumes' if resume else 'drains'} w{worker}")
        self._server.post(DrainAsked(worker=worker, resume=resume))
