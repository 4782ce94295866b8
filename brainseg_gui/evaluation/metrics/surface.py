"""Distances between the surfaces of two masks: HD95 and surface Dice (NSD).

A surface voxel is a voxel of the mask with a face neighbour outside it; outside the volume is outside the mask.
Distances run from the centre of a surface voxel to the nearest centre on the other surface, in mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.metrics.threads import query_threads

Spacing = tuple[float, float, float]

_WORTH_THREADS = 4000  # points: starting threads takes longer than asking for fewer


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances in mm from each surface voxel of one mask to the surface of the other.

    Parameters
    ----------
    from_reference, from_prediction
        One distance per surface voxel; both are empty unless both masks have a surface.
    reference, prediction
        Whether the mask holds a voxel at all.
    """

    from_reference: NDArray[np.float64]
    from_prediction: NDArray[np.float64]
    reference: bool
    prediction: bool

    def hd95_mm(self, rules: RuleSet) -> float:
        """The larger of the two directed 95th percentiles (linear interpolation).

        Both empty: 0. One empty: `RuleSet.missing_mm`. Every surface voxel counts once; the package surface-distance,
        which the BraTS 2023 code calls, weighs patches of surface instead, so that its percentile falls elsewhere.
        """
        if not self.reference and not self.prediction:
            return 0.0
        if not self.reference or not self.prediction:
            return rules.missing_mm
        return float(max(np.percentile(self.from_reference, 95), np.percentile(self.from_prediction, 95)))

    def surface_dice(self, tolerance_mm: float) -> float:
        """Fraction of all surface voxels that lie within a tolerance of the other surface (NSD).

        Both empty: 1. One empty: 0. After Nikolov et al. 2018 (arXiv 1809.04430), counting voxels instead of
        surface area, and from centre to centre of voxels instead of between their corners: usually lower than theirs
        (surface-distance) where the tolerance is about as wide as a voxel.
        """
        if not self.reference and not self.prediction:
            return 1.0
        if not self.reference or not self.prediction:
            return 0.0
        near = np.count_nonzero(self.from_reference <= tolerance_mm)
        near += np.count_nonzero(self.from_prediction <= tolerance_mm)
        return float(near / (self.from_reference.size + self.from_prediction.size))


def surface_distances(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], spacing_mm: Spacing
) -> SurfaceDistances:
    """Distances between the surfaces of two masks of the same shape.

    Parameters
    ----------
    reference, prediction
        Masks, (I, J, K); crop them to what they hold before.
    spacing_mm
        Edges of a voxel.
    """
    ours, theirs = surface_of(reference), surface_of(prediction)
    nothing = np.empty(0)
    present = bool(ours.any()), bool(theirs.any())
    if not all(present):
        return SurfaceDistances(nothing, nothing, *present)
    return SurfaceDistances(_distances(ours, theirs, spacing_mm), _distances(theirs, ours, spacing_mm), True, True)


def surface_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels of a mask with a face neighbour outside it, (I, J, K); outside the volume is outside the mask."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        ahead, behind = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        inner[tuple(ahead)] &= mask[tuple(behind)]
        inner[tuple(behind)] &= mask[tuple(ahead)]
        for end in (slice(0, 1), slice(-1, None)):
            edge = [slice(None)] * mask.ndim
            edge[axis] = end
            inner[tuple(edge)] = False
    return mask & ~inner


def _distances(surface: NDArray[np.bool_], other: NDArray[np.bool_], spacing_mm: Spacing) -> NDArray[np.float64]:
    """Distance in mm of each voxel of a surface to the nearest of the other."""
    from scipy.spatial import KDTree

    voxels = np.argwhere(surface)
    distances = np.zeros(len(voxels))
    away = ~other[surface]  # what lies on both surfaces need not be looked for
    # few points per leaf and no balancing: built faster than it is asked
    tree = KDTree(np.argwhere(other) * np.array(spacing_mm), leafsize=16, balanced_tree=False, compact_nodes=False)
    points_mm = voxels[away] * np.array(spacing_mm)
    workers = query_threads() if len(points_mm) > _WORTH_THREADS else 1
    distances[away] = tree.query(points_mm, workers=workers)[0]
    return distances
