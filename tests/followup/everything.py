"""Diameters by looking at everything: slow, of another construction, and what the quick ones are compared with."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
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
            if self.holds(start + steps * (end - start)).all():
                return float(np.linalg.norm(end - start))
        raise AssertionError

    def across(self, start: Points, end: Points, places: int = 400, fine: float = 0.02) -> float:
        """Length of the longest line across another, looked at in steps of `fine` voxels at so many places of it."""
        step = end - start
        side = np.array([-step[1], step[0]]) / np.linalg.norm(step)
        best, reach = 0.0, np.arange(0, 2 * np.linalg.norm(step) + 2, fine)
        for place in np.linspace(0.1, 0.9, places):
            base = start + place * step
            ways = [self.holds(base + sign * reach[:, None] * side) for sign in (1, -1)]
            best = max(best, sum(fine * (int(np.argmin(way)) if not way.all() else len(way)) for way in ways))
        return float(best)
