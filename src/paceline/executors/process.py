"""Programs: one attempt is one tree of processes, and ends when the tree is gone."""

from collections.abc import Iterator, KeysView

from paceline.executor import Began, Halt, Launch, Unwritable
from paceline.executors.end import News, Tell
from paceline.executors.loop import Loop
from paceline.executors.reaper import Reaper
from paceline.executors.series import Series


class Programs:
    """Every ``Launch`` of this supervisor."""

    def __init__(self, loop: Loop, reaper: Reaper, tell: Tell) -> None:
        self._loop = loop
        self._reaper = reaper
        self._tell = tell
        self._where: dict[str, Series] = {}  # keys whose end has not been told

    def keys(self) -> KeysView[str]:
        """Attempts that have not ended, as they are at any moment."""
        return self._where.keys()

    def begun(self) -> Iterator[Began]:
        """The attempts at work."""
        return (began for series in dict.fromkeys(self._where.values()) for began in series.begun())

    def launch(self, order: Launch) -> None:
        """Start the first; the others follow by themselves. What cannot be started ends at once."""
        series = Series(self._loop, self._reaper, self._say, order)
        self._where.update(dict.fromkeys(order.keys, series))
        series.begin()

    def halt(self, order: Halt) -> bool:
        """End its tree. False: no such attempt."""
        series = self._where.get(order.key)
        if series is not None:
            series.halt(order)
        return series is not None

    def _say(self, news: News) -> None:
        if isinstance(news, list):
            for end in news:
                del self._where[end.key]
        elif isinstance(news, Unwritable):
            for key in news.keys:
                del self._where[key]
        self._tell(news)
