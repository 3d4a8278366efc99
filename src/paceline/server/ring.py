"""The last frames of a feed, by number."""

FRAMES, BYTES = 1000, 16 << 20
"""How many are remembered, and how many bytes of them."""


class Ring:
    """Numbers only grow, and the frames that are there follow one upon the other."""

    def __init__(self, frames: int = FRAMES, size: int = BYTES) -> None:
        self._most = frames
        self._room = size
        self._frames: dict[int, bytes] = {}
        self.newest = 0  # number of the last frame, whether or not it is remembered

    def add(self, frame: bytes) -> None:
        """The next one. The oldest go, to make room; it stays itself, however large."""
        self.newest += 1
        self._frames[self.newest] = frame
        self._room -= len(frame)
        while len(self._frames) > max(1, self._most) or (self._room < 0 and len(self._frames) > 1):
            self._room += len(self._frames.pop(next(iter(self._frames))))

    def reaches(self, number: int) -> bool:
        """Whether every frame after this one is here."""
        return self.newest - len(self._frames) <= number <= self.newest

    def __getitem__(self, number: int) -> bytes:
        """Raises KeyError for one that is not here."""
        return self._frames[number]

    def break_off(self) -> None:
        """What happens from here on is not in any frame: nobody can go on from one of these."""
        self._room += sum(map(len, self._frames.values()))
        self._frames.clear()
        self.newest += 1
