"""Users: they submit, append, cancel and drain, by the product's operations, and repeat whatever was not answered."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from paceline.model.errors import PacelineError, TryAgain
from paceline.model.ids import JobId, TaskId, WorkerId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.resources import Need
from paceline.server.operations import submitting, workers
from paceline.server.operations.submitting import Accepted, Request
from tests.simulation.faults import Fault
from tests.simulation.programs import ENDLESS, LONG, MIXED, POISON, QUICK
from tests.simulation.scene import Scene
from tests.simulation.server import Call, Reply

BURST = 30
"""Tasks of a large array."""


@dataclass(slots=True)
class Question:
    """Something asked until it is answered."""

    call: Call
    then: Reply
    answered: bool = False


class Asker:
    """Asks whatever server is there, again and again, over a network that loses and doubles what it is given."""

    def __init__(self, scene: Scene, name: str) -> None:
        self._scene = scene
        self._name = name

    def ask(self, call: Call, then: Reply) -> None:
        """``then`` gets what the call returned or raised; if it is to be tried again, that is done."""
        self._try(Question(call, then))

    def _try(self, question: Question) -> None:
        if question.answered:
            return
        timeline, weather = self._scene.timeline, self._scene.weather
        for _ in range(1 + weather.strikes(Fault.REQUEST_TWICE, 0.05)):
            if not weather.strikes(Fault.REQUEST_LOST, 0.05):
                late = weather.strikes(Fault.DELAY, 0.02)
                timeline.soon(lambda: self._arrive(question), 5.0 if late else 0.05)
        timeline.after(timeline.chance.uniform(2.0, 6.0), lambda: self._try(question))

    def _arrive(self, question: Question) -> None:
        server = self._scene.servers.somebody()
        if server is not None:
            server.serve(question.call, lambda answer: self._answer(question, answer))

    def _answer(self, question: Question, answer: object) -> None:
        if isinstance(answer, BaseException) and not isinstance(answer, PacelineError):
            raise answer
        lost = question.answered or self._scene.weather.strikes(Fault.REPLY_LOST, 0.05)
        if not lost and not isinstance(answer, TryAgain):
            question.answered = True
            self._scene.timeline.note(self._name, "is told", answer)
            question.then(answer)


class User:
    """See the module."""

    def __init__(self, scene: Scene, name: str, operator: "Operator") -> None:
        self.accepted: dict[str, Sequence[JobId]] = {}  # token → jobs
        self.busy = 0  # questions not yet answered, open jobs not yet closed
        self._scene = scene
        self._asker = Asker(scene, name)
        self._operator = operator
        self._name = name

    def begin(self, submissions: int, span: float) -> None:
        """Submit so many times within so many seconds."""
        self.busy = submissions
        for number in range(submissions):
            self._scene.timeline.soon(lambda token=f"{self._name}{number}": self._submit(token), span)  # type: ignore[misc]

    def _ask(self, call: Call, then: Reply) -> None:
        self._asker.ask(call, then)

    # ── submitting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _submit(self, token: str) -> None:
        chance = self._scene.timeline.chance
        earlier = [job for jobs in self.accepted.values() for job in jobs]
        after = tuple(sorted(set(chance.sample(earlier, min(len(earlier), chance.choice([0, 0, 1, 1, 2]))))))
        specs = [self._spec(f"j{n}", after if n == 0 else ()) for n in range(chance.choice([1, 1, 1, 2, 2]))]
        if len(specs) > 1 and chance.random() < 0.5:
            specs[0] = replace(specs[0], after_names=(specs[-1].name,))
        if any(spec.after or spec.after_names for spec in specs):
            self._scene.weather.count(Fault.DAG)
        payloads = [
            [f"{token}/{spec.name}/{index}".encode() for index in range(spec.ranges[0].stop)] if not spec.open else []
            for spec in specs
        ]
        digest = hashlib.sha256(repr(specs).encode()).hexdigest()
        request = Request(specs=specs, payloads=payloads, token=token, digest=digest)
        self._ask(
            lambda fleet: submitting.submit(fleet, request),
            lambda answer: self._on_submitted(token, specs, payloads, answer),
        )

    def _spec(self, name: str, after: tuple[JobId, ...]) -> JobSpec:
        chance = self._scene.timeline.chance
        need = Need(cpu=chance.choice([250, 1000, 1000, 2000]), memory=chance.choice([0, 0, 1 << 30]))
        needs = (need,) if chance.random() < 0.8 else (replace(need, cpu=2000), replace(need, cpu=500))
        retry = Retry(
            failures=chance.choice([0, 1, 3]), losses=chance.choice([0, 3, 9]), base=chance.choice([0.0, 0.5, 2.0])
        )
        nature = chance.choice([QUICK, QUICK, MIXED, MIXED, LONG])
        tasks = chance.choice([1, 3, 8] if nature == QUICK else [1, 2, 4])
        if chance.random() < 0.15:
            tasks, nature = 2, chance.choice([POISON, ENDLESS, ENDLESS])
        elif chance.random() < 0.1:
            tasks, nature = BURST, QUICK
            self._scene.weather.count(Fault.BURST)
        is_open = chance.random() < 0.15
        if is_open:
            self._scene.weather.count(Fault.OPEN_JOB)
        return JobSpec(
            name=name,
            run=chance.choice(_RUNS[nature]),
            ranges=(Range(start=0, stop=tasks),),
            needs=needs,
            priority=chance.choice([0, 0, 1]),
            limit=chance.choice([0, 0, 1, 3]),
            not_before=chance.choice([0.0, 0.0, 0.0, self._scene.servers.current.clock.now() + 4.0]),
            after=after,
            retry=retry,
            open=is_open,
        )

    def _on_submitted(
        self, token: str, specs: Sequence[JobSpec], payloads: Sequence[Sequence[bytes]], answer: object
    ) -> None:
        assert isinstance(answer, Accepted), answer
        self._scene.ledger.check_accepted(token, answer.jobs)
        self.accepted[token] = answer.jobs
        self.busy -= 1
        for job, spec, each in zip(answer.jobs, specs, payloads, strict=True):
            if spec.open:
                self.busy += 1
                self._append(job, 0, self._scene.timeline.chance.choice([0, 2, 4]))
            for index, payload in enumerate(each):
                self._scene.stage.payloads[TaskId(job, index)] = payload
            if spec.run in _RUNS[ENDLESS]:
                self.busy += 1
                self._soon(lambda job=job: self._cancel(job, ()))  # type: ignore[misc]
            elif self._scene.timeline.happens(0.6 if len(each) == BURST else 0.25):
                self.busy += 1
                self._soon(lambda job=job: self._cancel(job, self._some()))  # type: ignore[misc]
            elif self._scene.timeline.happens(0.1) and self._scene.weather.bad:
                self._soon(self._operator.act)

    def _soon(self, call: Callable[[], None]) -> None:
        """While its tasks are just being handed out, or later."""
        self._scene.timeline.soon(call, self._scene.timeline.chance.choice([0.1, 1.0, 10.0]))

    # ── open jobs ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _append(self, job: JobId, first: int, left: int) -> None:
        if not left:
            self._ask(lambda fleet: submitting.close(fleet, job), lambda answer: self._on_closed(job, answer))
            return
        count = min(left, self._scene.timeline.chance.choice([1, 2, 5]))
        payloads = [f"{job}/{index}".encode() for index in range(first, first + count)]
        for index, payload in enumerate(payloads, first):
            self._scene.stage.payloads[TaskId(job, index)] = payload

        def then(answer: object) -> None:
            if isinstance(answer, PacelineError):  # it was cancelled meanwhile
                self.busy -= 1
            else:
                self._scene.ledger.check_grown(job, first + count)
                self._append(job, first + count, left - count)

        self._ask(lambda fleet: submitting.append(fleet, job, first, payloads), then)

    def _on_closed(self, job: JobId, answer: object) -> None:
        assert answer is None, answer
        self._scene.ledger.check_closed(job)
        self.busy -= 1

    # ── cancelling ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _some(self) -> Sequence[Range]:
        """Indexes, or none: all of them."""
        chance = self._scene.timeline.chance
        start = chance.randrange(6)
        part = Range(start=start, stop=start + chance.randrange(1, 20), step=chance.choice([1, 2]))
        return (part,) if chance.random() < 0.5 else ()

    def _cancel(self, job: JobId, ranges: Sequence[Range]) -> None:
        self._scene.weather.count(Fault.CANCEL)

        def then(answer: object) -> None:
            self._scene.ledger.check_cancelled(job, ranges)
            self.busy -= 1

        self._ask(lambda fleet: submitting.cancel(fleet, job, ranges, "enough"), then)


class Operator:
    """Drains workers, and thinks better of it."""

    def __init__(self, scene: Scene, workers: int) -> None:
        self._scene = scene
        self._workers = workers

    def act(self) -> None:
        """Once; if nobody hears it, it was not said."""
        worker = WorkerId(self._scene.timeline.chance.randrange(1, self._workers + 1))
        call = self._scene.timeline.chance.choice([workers.drain, workers.resume])
        self._scene.timeline.note("operator", call.__name__, f"w{worker}")
        self._scene.weather.count(Fault.DRAIN)
        server = self._scene.servers.somebody()
        if server is not None:
            server.serve(lambda fleet: call(fleet, worker), _ignored)


def _ignored(answer: object) -> None:
    """It was done, or there is no such worker."""


_RUNS = {
    nature: (
        Spec(kind="command", body=msgspec.json.encode({"argv": [nature]}), cwd="/w"),
        Spec(kind="function", body=msgspec.json.encode({"ref": f"task:{nature}"}), cwd="/w", grace=1.0),
    )
    for nature in (QUICK, MIXED, LONG, POISON, ENDLESS)
}
