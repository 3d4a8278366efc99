"""Times as numbers that a model can use: when it was, and which month, day, weekday and hour, where they differ."""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

PARTS = ("moment", "month", "day", "weekday", "hour")


class TimeParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Columns of seconds since 1970 → columns of their parts. NaN stays NaN.

    The moment is told in days since the earliest that was learned from: seconds since 1970 would be told apart only to
    the minute once they are narrowed to 32 bits. Other parts that are the same in all rows learned from are left out.
    """

    def fit(self, x: np.ndarray, y: object = None) -> Self:
        """Learn what differs. ``x``: (rows, columns)."""
        x = np.asarray(x, dtype=np.float64)
        seen = np.isfinite(x)
        self.earliest_ = np.where(seen.any(axis=0), np.where(seen, x, np.inf).min(axis=0), 0.0)
        self.n_features_in_ = x.shape[1]
        parts = self._parts(x)
        lowest, highest = np.where(seen, parts, np.inf).min(axis=1), np.where(seen, parts, -np.inf).max(axis=1)
        self.kept_ = highest > lowest  # (parts, columns)
        self.kept_[PARTS.index("moment")] = True
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """(rows, columns) → (rows, kept parts)."""
        parts = self._parts(np.asarray(x, dtype=np.float64))
        return np.stack([part[:, column] for part, column in self._chosen(parts)], axis=1)

    def _chosen(self, parts: np.ndarray) -> list[tuple[np.ndarray, int]]:
        return [(parts[part], int(column)) for part, column in np.argwhere(self.kept_)]

    def _parts(self, x: np.ndarray) -> np.ndarray:
        """(parts, rows, columns)."""
        when = np.where(np.isfinite(x), x, 0.0).astype("datetime64[s]")
        month, day = when.astype("datetime64[M]"), when.astype("datetime64[D]")
        parts = np.stack(
            [
                (x - self.earliest_) / 86_400,
                month.astype(np.int64) % 12 + 1,
                (day - month.astype("datetime64[D]")).astype(np.int64) + 1,
                (day.astype(np.int64) + 3) % 7,  # 1970 began on a Thursday; Monday is 0
                (when - day).astype(np.int64) // 3600,
            ]
        )
        return np.where(np.isfinite(x), parts, np.nan)
