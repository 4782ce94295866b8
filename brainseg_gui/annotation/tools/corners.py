"""The corners of an open polygon: which one, or which edge, lies under the mouse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float, float]


def corner_at(points_ijk: Sequence[Point], at_ijk: Point, spacing_mm: Sequence[float], reach_mm: float) -> int | None:
    """Number of the corner that is nearest to a place, if it is within reach."""
    distances = np.linalg.norm(_in_mm(points_ijk, spacing_mm) - _in_mm([at_ijk], spacing_mm), axis=1)
    nearest = int(distances.argmin())
    return nearest if distances[nearest] <= reach_mm else None


def edge_at(points_ijk: Sequence[Point], at_ijk: Point, spacing_mm: Sequence[float], reach_mm: float) -> int | None:
    """Number of the corner at which the nearest drawn edge ends, if that edge is within reach."""
    if len(points_ijk) < 2:
        return None
    points, at = _in_mm(points_ijk, spacing_mm), _in_mm([at_ijk], spacing_mm)[0]
    begin, along = points[:-1], np.diff(points, axis=0)
    lengths = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((at - begin) * along).sum(axis=1) / lengths, 0.0, 1.0)
    distances = np.linalg.norm(begin + share[:, None] * along - at, axis=1)
    nearest = int(distances.argmin())
    return nearest + 1 if distances[nearest] <= reach_mm else None


def _in_mm(points_ijk: Sequence[Point], spacing_mm: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(points_ijk, dtype=np.float64) * np.asarray(spacing_mm, dtype=np.float64)
