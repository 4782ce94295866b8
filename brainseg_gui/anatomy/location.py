"""Where a lesion lies: how its volume is shared out over structures, lobes and sides, and what it touches.

A lesion that pushes the brain aside, or has destroyed it, lies where the atlas says that a healthy brain would have
what was there. What is said is likely by the atlas, not seen on the images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.anatomy.atlas import SIDES, Atlas, names_of, read_atlas
from brainseg_gui.anatomy.lobes import LOBES, beside_central, language_places, lobes_at
from brainseg_gui.imaging.grid import Affine, Grid

_MOST_POINTS = 20_000  # of a lesion: more tell no more
_CEREBRUM = ("white", "cortex")
_NEIGHBOURS = ("ventricle", "third", "fourth", "thalamus", "caudate", "putamen", "pallidum", "hippocampus", "stem")
_HALF = 0.5  # probability at which a structure begins
_NEAR_MM = 10.0
LEAST_SHARE = 0.05
"""Part of a lesion that a lobe or structure holds where it is named."""
TOUCHING_MM = 3.0
"""Within a voxel of the atlas what lies beside a structure is said to touch it."""


@dataclass(frozen=True)
class Location:
    """Where a lesion lies.

    Parameters
    ----------
    left
        Part of it in the left half of the brain, 0 to 1.
    lobes
        Lobe -> expected part of the lesion in it; what lies in the cerebrum's cortex and white matter only.
    structures
        Name with side -> expected part of the lesion in it, white matter and cortex left out; the largest first.
    outside
        Expected part of it in fluid around the brain, or beyond it.
    near_mm
        Name -> distance to what is within a centimetre of the lesion, the nearest first; 0 where it reaches into it.
    """

    left: float
    lobes: Mapping[str, float]
    structures: Mapping[str, float]
    outside: float
    near_mm: Mapping[str, float]

    @property
    def side(self) -> str:
        """``left``, ``right`` or ``both sides``."""
        return "left" if self.left > 0.95 else "right" if self.left < 0.05 else "both sides"

    @property
    def main(self) -> str:
        """The lobe or structure that holds most of it; empty where none holds a part that is worth its name."""
        name, share = max({**self.lobes, **self.structures}.items(), key=lambda item: item[1], default=("", 0.0))
        return name if share >= LEAST_SHARE else ""

    @property
    def touching(self) -> tuple[str, ...]:
        """What it touches or reaches into."""
        return tuple(name for name, distance in self.near_mm.items() if distance <= TOUCHING_MM)


def locate(mask: NDArray[np.bool_], grid: Grid, to_atlas: Affine, atlas: Atlas | None = None) -> Location:
    """Where a lesion lies.

    Parameters
    ----------
    mask
        Its voxels, (I, J, K), at least one.
    to_atlas
        4×4: world (RAS, mm) of `grid` to the atlas's; see `placing.place_in_atlas`.
    """
    atlas = atlas or read_atlas()
    points = _points(mask, to_atlas @ grid.affine)
    found = atlas.at(points)
    shares = dict(zip(atlas.names, found.mean(axis=0).tolist(), strict=True))
    cerebrum = [name for one in atlas.structures if one.key in _CEREBRUM for name in names_of(one)]
    in_cerebrum = found[:, [atlas.names.index(name) for name in cerebrum]].sum(axis=1)
    by_lobe = (lobes_at(points) * in_cerebrum[:, None]).mean(axis=0).tolist()
    others = {name: share for name, share in shares.items() if name not in cerebrum}
    return Location(
        left=float((1 - np.sign(points[:, 0])).mean() / 2),
        lobes=_largest_first(dict(zip(LOBES, by_lobe, strict=True))),
        structures=_largest_first(others),
        outside=max(0.0, 1.0 - sum(shares.values())),
        near_mm=_near(points, atlas),
    )


def _points(mask: NDArray[np.bool_], to_atlas: Affine) -> NDArray[np.float64]:
    voxels = np.argwhere(mask)
    voxels = voxels[:: max(1, len(voxels) // _MOST_POINTS)]
    return np.asarray(voxels @ to_atlas[:3, :3].T + to_atlas[:3, 3])


def _largest_first(shares: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _near(points: NDArray[np.float64], atlas: Atlas) -> dict[str, float]:
    """Distances to what lies within a centimetre, the nearest first."""
    from scipy.spatial import cKDTree

    lesion = cKDTree(points)
    found = {}
    for name, places in _neighbours(atlas).items():
        if len(places):
            nearest = float(np.min(lesion.query(places, distance_upper_bound=_NEAR_MM)[0]))
            reach = float(atlas.grid.spacing_mm[0]) / 2  # a structure begins at the faces of its voxels
            if np.isfinite(nearest):
                found[name] = max(0.0, nearest - reach)
    return dict(sorted(found.items(), key=lambda item: item[1]))


@cache
def _neighbours(atlas: Atlas) -> Mapping[str, NDArray[np.float64]]:
    """Places, (N, 3), of what a lesion may touch that matters."""
    grid = atlas.grid
    everywhere = np.indices(grid.shape).reshape(3, -1).T @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    levels = atlas.at(everywhere)
    found = {
        name: everywhere[levels[:, atlas.names.index(name)] >= _HALF]
        for one in atlas.structures
        if one.key in _NEIGHBOURS
        for name in names_of(one)
    }
    cerebrum = [atlas.names.index(name) for one in atlas.structures if one.key in _CEREBRUM for name in names_of(one)]
    inside = everywhere[levels[:, cerebrum].sum(axis=1) >= _HALF]
    return found | _eloquent(inside)


def _eloquent(cerebrum: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    found = {}
    for side, sign in zip(SIDES, (-1, 1), strict=True):
        half = cerebrum[np.sign(cerebrum[:, 0]) == sign]
        found[f"{side} motor gyrus"] = half[beside_central(half, "motor")]
        found[f"{side} sensory gyrus"] = half[beside_central(half, "sensory")]
        for place in language_places():
            centre = np.array(place.centre) * (-sign, 1, 1)
            found[f"{side} {place.title}"] = half[np.linalg.norm(half - centre, axis=1) <= place.radius_mm]
    return found
