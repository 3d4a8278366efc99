"""What everybody in a story shares."""

from dataclasses import dataclass

from tests.simulation.faults import Weather
from tests.simulation.ledger import Ledger
from tests.simulation.server import Servers
from tests.simulation.stage import Stage
from tests.simulation.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Scene:
    """One seed's world, but for those who act in it."""

    timeline: Timeline
    weather: Weather
    stage: Stage
    servers: Servers
    ledger: Ledger
