"""What every operation needs: the loop that decides, the store that answers, the watch that tells, the time."""

from collections.abc import Callable
from dataclasses import dataclass, field

from paceline.blobs import Blobs
from paceline.catalog import Catalog
from paceline.clock import Clock
from paceline.core.cluster import Cluster
from paceline.model.errors import TryAgain
from paceline.server.auth import Auth
from paceline.server.kept_jobs import KeptJobs
from paceline.server.links import Links
from paceline.server.loop import Loop
from paceline.server.open_jobs import OpenJobs
from paceline.server.space import Space
from paceline.server.storeroom import Storeroom
from paceline.server.watch import Watch
from paceline.store import Store
from paceline.telemetry.traceparent import Traceparent


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Collaborators, made in ``app.py`` and handed to every face."""

    loop: Loop
    store: Store
    blobs: Blobs
    catalog: Catalog
    watch: Watch
    open_jobs: OpenJobs
    auth: Auth
    clock: Clock
    epoch: int
    store_name: str
    started_at: float
    new_trace: Callable[[], Traceparent | None] = lambda: None  # for a job that comes without one
    space: Space = field(default_factory=Space)
    kept_jobs: KeptJobs = field(default_factory=KeptJobs)
    links: Links = field(default_factory=Links)
    profile: bool = False  # whether an admin at this machine may look where the time goes
    storeroom: Storeroom = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "storeroom", Storeroom(self.blobs, self.loop, self.catalog.holding))

    @property
    def trouble(self) -> TryAgain | None:
        """Why nothing, or nothing new, is accepted for now; None: all is well."""
        return self.loop.hold.trouble or self.space.trouble()

    @property
    def cluster(self) -> Cluster:
        """The picture, to look at. Only the loop's scheduler changes it."""
        return self.loop.scheduler.cluster
