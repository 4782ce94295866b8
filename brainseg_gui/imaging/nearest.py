"""Which end of a line a person means who presses near it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Owner = TypeVar("Owner")


def nearest_end(ends: Sequence[tuple[Owner, int, NDArray[Any]]], reach_mm: float) -> tuple[Owner, int] | None:
    """The owner and number of the nearest end within reach, of ways to them in mm; None where none is.

    >>> nearest_end([("a", 0, np.array([3.0, 4.0])), ("b", 1, np.array([0.0, 2.0]))], 4.0)
    ('b', 1)
    """
    near = [(float(np.linalg.norm(way)), owner, number) for owner, number, way in ends]
    distance, owner, number = min(near, key=lambda entry: entry[0], default=(np.inf, None, 0))
    return (owner, number) if owner is not None and distance <= reach_mm else None
