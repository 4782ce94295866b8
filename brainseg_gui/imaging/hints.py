"""What a person says of a mask by pointing: here something is missing, here something is too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, grown
from brainseg_gui.imaging.grid import Voxel

Point = tuple[float, float, float]

NESTED_REGIONS = ("WT", "TC", "ET")
"""The regions that a click speaks of; each holds the next one."""

REACH_MM = 20.0
"""How far from a hint voxels may change."""

_MARGIN_MM = 5.0  # around a box


@dataclass(frozen=True)
class Hint:
    """A click, a scribble or a box.

    Parameters
    ----------
    region
        What it speaks of: the key of one of `NESTED_REGIONS`, or the meaning of a label that is in none.
    adds
        Whether its voxels belong there; else they do not.
    voxels_ijk
        Where: one voxel for a click, several along a scribble, the middle of a box.
    box
        What a box surrounds: nothing outside of it changes. None for clicks and scribbles.
    """

    region: str
    adds: bool
    voxels_ijk: tuple[Voxel, ...]
    box: Box | None = None

    @property
    def words(self) -> str:
        """Such as “+ET” or “−WT”."""
        return f"{'+' if self.adds else '−'}{self.region}"

    def says(self, region: str) -> bool | None:
        """Whether its voxels belong to a region or label; None where it does not tell.

        What is in ET is in TC and WT too, and what is in a label such as a cavity is in nothing else.
        """
        if self.region == region:
            return self.adds
        if self.region not in NESTED_REGIONS or region not in NESTED_REGIONS:
            return False if self.adds else None
        own, asked = NESTED_REGIONS.index(self.region), NESTED_REGIONS.index(region)
        if self.adds:
            return True if asked <= own else None
        return False if asked >= own else None


def indices_in(box: Box, hint: Hint) -> list[Voxel]:
    """The voxels of a hint that lie in a box, as indices of it."""
    first = [part.start for part in box]
    inside = [v for v in hint.voxels_ijk if all(p.start <= at < p.stop for p, at in zip(box, v, strict=True))]
    return [(i - first[0], j - first[1], k - first[2]) for i, j, k in inside]


def distance_mm(places_ijk: Sequence[Point], box: Box, spacing_mm: Point) -> NDArray[np.float32]:
    """Distance of every voxel of a box from the nearest of some places, (I, J, K)."""
    nearest = np.full([part.stop - part.start for part in box], np.inf, np.float32)
    for place in places_ijk:
        i, j, k = (
            ((np.arange(part.start, part.stop) - at) * mm).astype(np.float32) ** 2
            for part, at, mm in zip(box, place, spacing_mm, strict=True)
        )
        np.minimum(nearest, i[:, None, None] + j[:, None] + k, out=nearest)
    return np.sqrt(nearest)


def said_otherwise(hints: Sequence[Hint], region: str, joins: bool, box: Box, spacing_mm: Point) -> NDArray[np.bool_]:
    """The voxels of a box that are nearer to an earlier hint that says the contrary than to the last of the hints.

    Nobody has to say the same thing twice.

    Parameters
    ----------
    region, joins
        Of which region or label, and whether voxels would join it; else they would leave it.
    """
    contrary = [voxel for hint in hints[:-1] if hint.says(region) is (not joins) for voxel in hint.voxels_ijk]
    if not contrary:
        return np.zeros([part.stop - part.start for part in box], bool)
    newest = distance_mm(hints[-1].voxels_ijk, box, spacing_mm)
    return np.asarray(distance_mm(contrary, box, spacing_mm) < newest, bool)


def surroundings(hint: Hint, spacing_mm: Point, shape: Voxel) -> Box:
    """The voxels that a hint can reach, or the box that it draws with a margin of what lies outside."""
    points = np.array(hint.voxels_ijk if hint.box is None else _corners(hint.box))
    reach_mm = REACH_MM if hint.box is None else _MARGIN_MM
    low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    box = slice(low[0], high[0] + 1), slice(low[1], high[1] + 1), slice(low[2], high[2] + 1)
    i, j, k = (int(np.ceil(reach_mm / mm)) for mm in spacing_mm)
    return grown(box, (i, j, k), shape)


def _corners(box: Box) -> tuple[Voxel, Voxel]:
    i, j, k = box
    return (i.start, j.start, k.start), (i.stop - 1, j.stop - 1, k.stop - 1)
