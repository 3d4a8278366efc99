"""A worker's face: its pages over a machine that the test moves, in a directory of its own."""

from pathlib import Path

import httpx

from paceline.agent.face.pages import Pages
from paceline.agent.face.vitals import Vitals
from paceline.config import WorkerOptions
from paceline.model.ids import WorkerId
from paceline.testing.clock import FakeClock
from tests.agent.world import World

KEY = "pl_worker_x"


class Shown:
    """A worker called "ada", number 3, linked since a moment ago. Its clock and its world's are one."""

    def __init__(self, home: Path, *, profile: bool = False) -> None:
        self.options = WorkerOptions(
            server="box:50051", name="ada", home=home, metrics_port=0, status_port=0, profile=profile
        )
        self.options.directory.mkdir(parents=True, exist_ok=True)
        self.clock = FakeClock()
        self.clock.advance(100.0)  # where a world begins
        self.world = World()
        self.vitals = Vitals(self.options, WorkerId(3), self.world.worker, self.clock)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.world.after(seconds)

    def browser(self, client: str = "127.0.0.1") -> httpx.AsyncClient:
        app = Pages(self.vitals, KEY)
        transport = httpx.ASGITransport(app, client=(client, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:2112")
