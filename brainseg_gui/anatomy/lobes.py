"""The lobes of the cerebrum, and the gyri beside the central sulcus, by planes of the atlas's space.

The label maps of the atlas know no lobes. `atlas.toml` says what the planes were fitted to, and how well they agree
with three parcellations of the cortex; the sulci of one person lie up to a centimetre beside those of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.anatomy.atlas import table

LOBES = ("frontal", "parietal", "temporal", "occipital", "insular")


@dataclass(frozen=True)
class LanguagePlace:
    """A classical place of language, as a ball in the left hemisphere of the atlas."""

    title: str
    centre: tuple[float, float, float]
    radius_mm: float


def lobes_at(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How likely each lobe is at places of the cerebrum.

    Parameters
    ----------
    points
        (N, 3) in the atlas's space, RAS in mm.

    Returns
    -------
    numpy.ndarray
        (N, len(LOBES)); each row sums to 1.
    """
    weights = _places(points) @ _planes().T
    raised = np.exp(weights - weights.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def ahead_of_central_mm(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far in front of the plane between frontal and parietal lobe places lie; below zero behind it."""
    frontal, parietal = (_planes()[LOBES.index(name)] for name in ("frontal", "parietal"))
    plane = frontal - parietal
    return np.asarray(_places(points) @ plane / np.linalg.norm(plane[:3]))


def beside_central(points: NDArray[np.float64], which: Literal["motor", "sensory"]) -> NDArray[np.bool_]:
    """Whether places of the cerebrum lie in the gyrus ahead of the central sulcus (``motor``) or behind it."""
    low, high = table()["central"][which]
    ahead, lobe = ahead_of_central_mm(points), lobes_at(points).argmax(axis=1)
    upper = (lobe == LOBES.index("frontal")) | (lobe == LOBES.index("parietal"))
    return np.asarray(upper & (ahead >= low) & (ahead <= high))


@cache
def language_places() -> tuple[LanguagePlace, ...]:
    """Classical places of language, of the left hemisphere."""
    return tuple(LanguagePlace(row["title"], tuple(row["centre"]), row["radius_mm"]) for row in table()["language"])


def _places(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.abs(points[:, 0]), points[:, 1], points[:, 2], np.ones(len(points))])


@cache
def _planes() -> NDArray[np.float64]:
    return np.array([table()["lobes"][name] for name in LOBES], np.float64)
