"""A machine: an agent, a supervisor, the processes below it, a spool, and a route to the servers."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from paceline.agent.frames import Frame
from paceline.agent.loop import SPACE_EVERY
from paceline.agent.places import Places
from paceline.agent.words import FromSupervisor, Interrupted, Orphaned
from paceline.executor import ToSupervisor
from paceline.model.columns import Attempts
from paceline.model.ids import Incarnation, WorkerId
from paceline.testing.world import machine
from tests.simulation.agent import Agent
from tests.simulation.faults import Fault
from tests.simulation.ledger import each
from tests.simulation.network import PARTITIONS, Route
from tests.simulation.process import HostClock, Process
from tests.simulation.programs import Programs
from tests.simulation.scene import Scene
from tests.simulation.spool import Paper
from tests.simulation.stage import Place
from tests.simulation.supervisor import Supervisor

SOCKET = 0.0003
"""Seconds that words take between agent and supervisor."""

TROUBLES = (
    *PARTITIONS,
    Fault.DROP,
    Fault.AGENT_CRASH,
    Fault.AGENT_CRASH_SPEAKING,
    Fault.AGENT_STOPPED,
    Fault.AGENT_INTERRUPTED,
    Fault.SUPERVISOR_CRASH,
    Fault.HOST_CRASH,
    Fault.SPOOL_FULL,
)


class Host:
    """See the module."""

    def __init__(self, scene: Scene, number: int) -> None:
        chance = scene.timeline.chance
        self.scene = scene
        self.servers = scene.servers
        self.worker = WorkerId(number)
        self.name = f"w{number}"
        self.machine = replace(machine(cpu=chance.choice([2000, 4000]), memory=4 << 30), features=("function",))
        self.places = Places(directory=Path("/w"), scratch=Path("/w/scratch"))
        self.spool = Paper()
        self.route = Route(scene.timeline, scene.weather, self.name, loopback=chance.random() < 0.3)
        self._rate = chance.choice([0.99, 1.01]) if scene.weather.strikes(Fault.CLOCK_RATE, 0.3) else 1.0
        capacity = self.machine.capacity
        place = Place(self.name, capacity.cpu, capacity.memory)
        self.programs = Programs(scene, place, self._on_poison)
        self._agents: list[Agent] = []  # one or none
        self._supervisors: list[Supervisor] = []  # one or none
        self._pids = 0
        self._connected = False  # agent and supervisor to each other
        self.gone = False
        self._forgetful = False  # what its agent took note of may not be in the spool

    def start(self) -> None:
        """An agent starts, if none is there."""
        if not self._agents and not self.gone:
            process = Process(self.scene.timeline, self.name, self._rate)
            jump = self.scene.weather.strikes(Fault.CLOCK_JUMP, 0.1)
            clock = HostClock(process, skew=self.scene.timeline.chance.uniform(-90.0, 90.0) if jump else 0.0)
            agent = Agent(self, process, Incarnation(int(clock.now() * 1e9)))
            self._agents = [agent]
            self._note("its agent starts")
            process.call_soon(agent.start)

    def idle(self) -> bool:
        """Nothing is left here."""
        return not self.programs and not any(agent.worker.held() for agent in self._agents)

    # ── for the agent ───────────────────────────────────────────────────────────────────────────────────────────────

    def find_supervisor(self, agent: Agent) -> None:
        """The one that lives, soon; or a new one."""
        agent.process.call_later(self.scene.timeline.chance.choice([0.001, 0.1, 4.0, 4.0]), self._connect, agent)

    def _connect(self, agent: Agent) -> None:
        if not self._supervisors:
            self._pids += 1
            process = Process(self.scene.timeline, f"{self.name} sup", self._rate)
            self._supervisors = [Supervisor(process, 100 + self._pids, self.programs, self._supervisor_left)]
            self._note(f"supervisor {100 + self._pids} starts")
        self._connected = True
        self._supervisors[0].connect(partial(self._from_supervisor, agent))

    def _supervisor_left(self) -> None:
        self._supervisors.clear()
        for agent in self._agents if self._connected else ():
            agent.process.call_later(SOCKET, agent.hear, Orphaned())
        self._connected = False

    def _from_supervisor(self, agent: Agent, word: FromSupervisor) -> None:
        self.scene.timeline.after(SOCKET, partial(agent.process.hears, agent.hear, word))

    def to_supervisor(self, words: Sequence[ToSupervisor]) -> None:
        for supervisor in self._supervisors:
            self.scene.timeline.after(SOCKET, partial(supervisor.process.hears, supervisor.hear, words))

    def heard_stop(self, attempts: Attempts) -> None:
        """The agent knows that these are cancelled."""
        now = self.scene.timeline.now
        self.scene.stage.stopped.update((attempt, now) for attempt in each(attempts))

    def will_run(self, frame: Frame) -> None:
        """The agent books so much for these."""
        self.programs.needs.update(dict.fromkeys(frame.live, frame.shape.need))

    def check_hello(self, held: Sequence[Attempts]) -> None:
        """This is what the agent is going to say that it holds."""
        if not self._forgetful:
            self.scene.ledger.check_hello(self.worker, self.programs.begun, held)

    def flips(self) -> bool:
        return self.scene.timeline.happens(0.5)

    def agent_left(self, agent: Agent) -> None:
        """It ended by itself; one day another is started."""
        self._note("its agent leaves")
        agent.process.kill()
        self._end_agent(self.scene.timeline.chance.choice([0.1, 1.0, 10.0]))

    # ── trouble ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def trouble(self) -> None:
        """Something goes wrong here."""
        match self.scene.weather.any_of(TROUBLES):
            case Fault.PARTITION | Fault.PARTITION_UP | Fault.PARTITION_DOWN as fault if self._may_be_cut():
                self.route.cut(fault, self.scene.timeline.chance.choice([2.0, 14.0, 28.0]))
                for agent in self._agents:
                    agent.link.probe()
            case Fault.DROP:
                self._note("its connection breaks")
                for agent in self._agents:
                    agent.link.die()
            case Fault.HOST_CRASH:
                self.crash()
            case Fault.SPOOL_FULL:
                self._fill_spool()
            case Fault.SUPERVISOR_CRASH if self._supervisors:
                self._crash_supervisor()
            case fault if fault and self._agents:
                self._trouble_agent(fault)

    def _trouble_agent(self, fault: Fault) -> None:
        (agent,) = self._agents
        match fault:
            case Fault.AGENT_CRASH:
                self._count(fault)
                self._crash_agent()
            case Fault.AGENT_CRASH_SPEAKING:
                agent.doomed = True
            case Fault.AGENT_STOPPED:
                self._count(fault)
                agent.process.stop(self.scene.timeline.chance.choice([0.3, 5.0, 22.0]))
            case Fault.AGENT_INTERRUPTED:
                self._count(fault)
                agent.process.call_soon(agent.hear, Interrupted())

    def agent_died(self) -> None:
        """It died between two words."""
        self._count(Fault.AGENT_CRASH_SPEAKING)
        self._crash_agent()

    def _crash_agent(self) -> None:
        (agent,) = self._agents
        agent.process.kill()
        agent.link.die()
        self._end_agent(self.scene.timeline.chance.choice([0.3, 2.0, 2.0, 22.0]))

    def crash(self) -> None:
        """Everything dies. Of the spool the beginning may be left, or all of it."""
        self._count(Fault.HOST_CRASH)
        self.programs.sweep()
        for supervisor in self._supervisors:
            supervisor.process.kill()
        self._supervisors.clear()
        for agent in self._agents:
            agent.process.kill()
            agent.link.die()
        if self.scene.weather.strikes(Fault.SPOOL_LOST, 0.5):
            self.spool.tear(self.scene.timeline.chance.randint(0, len(self.spool.records)))
            self.programs.begun.clear()
        self.gone = self.worker > 1 and self.scene.weather.strikes(Fault.HOST_GONE, 0.6)
        self._end_agent(self.scene.timeline.chance.choice([1.0, 5.0, 22.0]))

    def _crash_supervisor(self) -> None:
        """Its guard ends what it ran."""
        self._count(Fault.SUPERVISOR_CRASH)
        self._supervisors[0].process.kill()
        self.programs.sweep()
        self._supervisor_left()

    def _on_poison(self) -> None:
        if self._supervisors and self.scene.timeline.happens(0.5):
            self._crash_supervisor()
        else:
            self.crash()

    def _fill_spool(self) -> None:
        self._count(Fault.SPOOL_FULL)
        self.spool.full = True
        self.programs.fault = "no space left on device" if self.scene.weather.strikes(Fault.OUTPUT_FULL, 0.5) else ""
        self._forgetful = True
        if self.scene.timeline.happens(0.5):  # and of all times it dies then
            self.scene.timeline.soon(self._end_somehow, 4.0)
        self.scene.timeline.after(self.scene.timeline.chance.choice([3.0, 20.0]), self._free_spool)

    def _end_somehow(self) -> None:
        if self._agents:
            self._trouble_agent(self.scene.timeline.chance.choice([Fault.AGENT_CRASH, Fault.AGENT_CRASH_SPEAKING]))

    def _free_spool(self) -> None:
        self.spool.full = False
        self.programs.fault = ""
        self.scene.timeline.after(SPACE_EVERY + 1.0, self._remember)

    def _remember(self) -> None:
        """What began while the spool was full is not in it; whatever begins from now on is."""
        if not self.spool.full:
            self._forgetful = False
            self.programs.begun.clear()

    def heal(self) -> None:
        """Nothing is wrong here any more."""
        self.route.heal()
        self._free_spool()
        self.start()

    def _may_be_cut(self) -> bool:
        return self.route.open() and not self.route.loopback

    def _end_agent(self, seconds: float) -> None:
        self._agents.clear()
        self._connected = False
        for supervisor in self._supervisors:
            self.scene.timeline.after(SOCKET, supervisor.disconnect)
        self.scene.timeline.after(seconds, self.start)

    def _count(self, fault: Fault) -> None:
        self.scene.weather.count(fault)
        self._note(fault)

    def _note(self, what: str) -> None:
        self.scene.timeline.note(self.name, what)
