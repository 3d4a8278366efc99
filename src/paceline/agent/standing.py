"""How a worker stands at one moment: what is shown of it to whoever asks."""

from dataclasses import dataclass

from paceline.agent.lease import SHARE
from paceline.agent.picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Counts of attempts, and how it stands with the server. Times are steady."""

    active: int  # at work: one of each frame
    waiting: int  # granted, and not at work
    unsettled: int  # over, and not known to be recorded
    linked: bool
    heard_at: float  # when the last sign of life was sent that the server answered; minus infinity: none was
    pauses: tuple[str, ...]  # why nothing new is taken


def standing(picture: Picture) -> Standing:
    """As it is now."""
    lease, running = picture.lease, picture.running
    active = len(running.frames)
    return Standing(
        active=active,
        waiting=len(picture.hand) + len(running) - active,
        unsettled=len(picture.ends),
        linked=lease.linked,
        heard_at=lease.ends - SHARE * lease.lease if lease.ends < float("inf") else float("-inf"),
        pauses=tuple(sorted(picture.pauses.values())),
    )
