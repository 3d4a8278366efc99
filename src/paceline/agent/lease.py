"""The worker's own lease: for how long its work is its own.

The server counts a worker's lease from when it *hears* a beat; the worker counts four fifths of it from when it *sent*
that beat. So the worker always stops first, by a fifth of the lease, and two copies of a task never run side by side
while both clocks tick alike. The supervisor gets every new term as a ``Lease`` word and kills by itself when none
comes: that holds even if this process is dead or stopped.

A server that refuses connections on this very host is a server that is down, not one that is out of sight: nobody can
have given our work away, and a restarted server extends all leases. Then the term begins anew.
"""

SHARE = 0.8
"""Of the server's lease that the worker allows itself."""


class LeaseClock:
    """Beats sent, the last one heard of, and when the term ends."""

    __slots__ = ("_next_beat", "_number", "_sent", "beat", "ends", "lease", "linked")

    def __init__(self, *, beat: float = 5.0, lease: float = 20.0) -> None:
        self.beat = beat  # seconds; both are told anew by every welcome
        self.lease = lease
        self.linked = False
        self.ends = float("inf")  # no term yet: nothing of ours can be void
        self._next_beat = float("inf")
        self._number = 0
        self._sent: dict[int, float] = {}

    def welcome(self, sent_at: float, beat: float, lease: float) -> None:
        """The hello that was sent then was heard."""
        self.beat, self.lease, self.linked = beat, lease, True
        self.ends = sent_at + SHARE * lease
        self._next_beat = sent_at + beat
        self._sent = {}

    def unlink(self) -> None:
        """The connection is gone; the term runs on."""
        self.linked = False
        self._next_beat = float("inf")

    def refused(self, now: float) -> None:
        """The server on this host is down."""
        self.ends = now + SHARE * self.lease

    def due(self, now: float) -> int:
        """The number of the beat to send now; 0 for none."""
        if now < self._next_beat:
            return 0
        self._number += 1
        self._sent[self._number] = now
        self._next_beat = now + self.beat
        return self._number

    def heard(self, number: int) -> bool:
        """A beat was answered. False: an older one than we knew of, or none of ours."""
        sent_at = self._sent.pop(number, None)
        if sent_at is None:
            return False
        self._sent = {later: at for later, at in self._sent.items() if later > number}
        self.ends = sent_at + SHARE * self.lease
        return True

    def over(self, now: float) -> bool:
        """Whether the work is void."""
        return now >= self.ends

    def left(self, now: float) -> float:
        """Seconds of the term; infinity where there is none."""
        return self.ends - now

    def wake_at(self, now: float) -> float:
        """When something changes by itself."""
        return min(self._next_beat, self.ends if now < self.ends else float("inf"))
