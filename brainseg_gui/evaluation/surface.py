"""Distances between the surfaces of two masks: HD95 and surface Dice (NSD).

A surface voxel is a voxel of the mask with a face neighbour outside it; outside the volume is outside the mask.
Distances run from the centre of a surface voxel to the nearest centre on the other surface, in mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.rules import RuleSet

Spacing = tuple[float, float, float]


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

    def hausdorff95_mm(self, rules: RuleSet) -> float:
        """The larger of the two directed 95th percentiles (linear interpolation).

        Both empty: 0. One empty: `RuleSet.missing_mm`.
        """
        if not self.reference and not self.prediction:
            return 0.0
        if not self.reference or not self.prediction:
            return rules.missing_mm
        return float(max(np.percentile(self.from_reference, 95), np.percentile(self.from_prediction, 95)))

    def surface_dice(self, tolerance_mm: float) -> float:
        """Fraction of all surface voxels that lie within a tolerance of the other surface (NSD).

        Both empty: 1. One empty: 0. After Nikolov et al. 2018 (arXiv 1809.04430), counting voxels instead of
        surface area.
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
    ours, theirs = surface_points_mm(reference, spacing_mm), surface_points_mm(prediction, spacing_mm)
    nothing = np.empty(0)
    if len(ours) == 0 or len(theirs) == 0:
        return SurfaceDistances(nothing, nothing, len(ours) > 0, len(theirs) > 0)
    return SurfaceDistances(_nearest(ours, theirs), _nearest(theirs, ours), True, True)


def surface_points_mm(mask: NDArray[np.bool_], spacing_mm: Spacing) -> NDArray[np.float64]:
    """Centres of the surface voxels, (n, 3), in mm from the first voxel."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        ahead, behind = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        inner[tuple(ahead)] &= mask[tuple(behind)]
        inner[tuple(behind)] &= mask[tuple(ahead)]
        for end in (0, -1):
            edge = [slice(None)] * mask.ndim
            edge[axis] = slice(0, 1) if end == 0 else slice(-1, None)
            inner[tuple(edge)] = False
    points: NDArray[np.float64] = np.argwhere(mask & ~inner).astype(np.float64)
    points *= spacing_mm
    return points


def _nearest(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.spatial import KDTree

    # few points per leaf and no balancing: built faster than it is asked
    tree = KDTree(others, leafsize=16, balanced_tree=False, compact_nodes=False)
    return np.asarray(tree.query(points, workers=-1)[0], dtype=np.float64)
