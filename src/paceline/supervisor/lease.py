"""How long we may run anything without hearing from the agent."""

from paceline.executors.loop import Action, Alarm, Loop


class Lease:
    """``run_out`` is called when time is up, once per lease."""

    def __init__(self, loop: Loop, run_out: Action) -> None:
        self._loop = loop
        self._run_out = run_out
        self._alarms: list[Alarm] = []  # one or none
        self.over = False

    def renew(self, seconds: float) -> None:
        """From now on; 0: for ever."""
        self.over = False
        while self._alarms:
            self._alarms.pop().cancel()
        if seconds:
            self._alarms.append(self._loop.after(seconds, self._end))

    def _end(self) -> None:
        self.over = True
        self._run_out()
