"""Diameters by looking at everything: slow, of another construction, and what the quick ones are compared with."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from brainseg_gui.followup.outline import MaskOutline

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Points = np.ndarray[Any, Any]


class Everything:
    """A region as convex parts, one for each square of four centres; lines are looked at in small steps."""

    def __init__(self, mask: Mask) -> None:
        self.hulls = []
        padded = np.pad(mask, 1)
        for r, c in np.ndindex(padded.shape[0] - 1, padded.shape[1] - 1):
            square = [(r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c)]
            inside = [bool(padded[place]) for place in square]
            points = [np.array(place) - 1.0 for place, is_in in zip(square, inside, strict=True) if is_in]
            sides = [(n, (n + 1) % 4) for n in range(4)]
            points += [np.add(square[n], square[m]) / 2 - 1.0 for n, m in sides if inside[n] != inside[m]]
            if points:
                self.hulls.append(ConvexHull(np.array(points)).equations)

    def holds(self, points: Points) -> Mask:
        """Whether points, in voxels, lie within the region."""
        inside = np.zeros(len(points), dtype=bool)
        for limits in self.hulls:
            inside |= (points @ limits[:, :2].T + limits[:, 2] <= 1e-9).all(axis=1)
        return inside

    def longest(self, mask: Mask) -> float:
        """Length of the longest line between two corners of the outline that stays within."""
        corners = MaskOutline(mask).corners / 2
        pairs = sorted(combinations(corners, 2), key=lambda pair: -np.linalg.norm(pair[1] - pair[0]))
        steps = np.linspace(0, 1, 301)[:, None]
        for start, end in pairs:
            some, every = (start + part * (end - start) for part in (steps[::20], steps))
            if self.holds(some).all() and self.holds(every).all():  # most leave it at some already
                return float(np.linalg.norm(end - start))
        raise AssertionError

    def across(self, start: Points, end: Points, places: int = 400, fine: float = 0.02) -> float:
        """Length of the longest line across another, looked at in steps of `fine` voxels at so many places of it."""
        step = end - start
        side = np.array([-step[1], step[0]]) / np.linalg.norm(step)
        best, reach = 0.0, np.arange(0, 2 * np.linalg.norm(step) + 2, fine)
        bases = start + np.linspace(0.1, 0.9, places)[:, None] * step
        most = np.sum([self._reached(bases, sign * reach[::10, None] * side) * 10 for sign in (1, -1)], axis=0)
        for place in np.argsort(-most):
            if most[place] * fine <= best:  # every tenth step goes no less far than all of them
                break
            ways = [self._reached(bases[[place]], sign * reach[:, None] * side)[0] for sign in (1, -1)]
            best = max(best, fine * sum(ways))
        return float(best)

    def _reached(self, bases: Points, steps: Points) -> NDArray[np.intp]:
        """How many steps from each base lie within before one that does not."""
        ways = self.holds((bases[:, None] + steps).reshape(-1, 2)).reshape(len(bases), len(steps))
        return np.where(ways.all(axis=1), len(steps), np.argmin(ways, axis=1))
