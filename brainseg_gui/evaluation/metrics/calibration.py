"""Calibration: of the voxels to which the network gives a probability of 0.7, do seven in ten belong to the tumour?

Looked at over the whole head, any network is well calibrated: nearly every voxel is background and known to be. So
only the tumour's neighbourhood counts: all voxels within 10 mm of the reference's or the prediction's region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.comparison import region_table
from brainseg_gui.evaluation.metrics.overlap import union_box
from brainseg_gui.imaging.labels import LabelMap, Region
from brainseg_gui.imaging.probabilities import TOP, ClassProbabilities

NEIGHBOURHOOD_MM = 10.0
BINS = 10


@dataclass(frozen=True, eq=False)
class Calibration:
    """A reliability table.

    Parameters
    ----------
    edges
        Borders of the bins of probability, (B + 1,); a bin holds its upper border, the first also 0.
    counts
        Voxels in each bin, (B,).
    expected
        Mean probability of each bin, (B,); NaN where it is empty.
    observed
        Share of its voxels that belong to the region, (B,); NaN where it is empty.
    brier
        Mean squared difference between probability and truth.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    expected: NDArray[np.float64]
    observed: NDArray[np.float64]
    brier: float

    @property
    def voxels(self) -> int:
        """Voxels in all bins."""
        return int(self.counts.sum())

    @property
    def gaps(self) -> NDArray[np.float64]:
        """Expected minus observed, (B,): above 0 where the network is too sure of the region."""
        gaps: NDArray[np.float64] = self.expected - self.observed
        return gaps

    @property
    def error(self) -> float:
        """Expected calibration error: |expected − observed| per bin, weighted by its voxels; NaN without voxels.

        After Naeini et al. 2015 and Guo et al. 2017 (arXiv 1706.04599), for the probability of one region instead of
        the winning class.
        """
        if not self.voxels:
            return float("nan")
        return float(np.nansum(np.abs(self.gaps) * self.counts) / self.voxels)

    @property
    def largest_gap(self) -> float:
        """The largest |expected − observed| of a bin (maximum calibration error); NaN without voxels."""
        return float(np.nanmax(np.abs(self.gaps))) if self.voxels else float("nan")


def calibration(
    levels: NDArray[np.uint8], truth: NDArray[np.bool_], inside: NDArray[np.bool_], bins: int = BINS
) -> Calibration:
    """The reliability table of probabilities that are held in levels of 1/255.

    Parameters
    ----------
    levels, truth, inside
        Probability, whether the voxel belongs to the region, and whether it counts; of one shape.
    bins
        Number of equally wide bins.
    """
    chosen, hits = levels[inside], truth[inside]
    total = np.bincount(chosen, minlength=TOP + 1)
    true = np.bincount(chosen[hits], minlength=TOP + 1)
    p = np.arange(TOP + 1) / TOP
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, p, side="left") - 1, 0, bins - 1)  # bin of each level
    counts = np.bincount(place, weights=total, minlength=bins)
    with np.errstate(invalid="ignore"):
        expected = np.bincount(place, weights=total * p, minlength=bins) / counts
        observed = np.bincount(place, weights=true, minlength=bins) / counts
        brier = float((true * (1 - p) ** 2 + (total - true) * p**2).sum() / np.float64(total.sum()))
    return Calibration(edges, counts.astype(np.int64), expected, observed, brier)


def calibration_of(
    probabilities: ClassProbabilities, reference: LabelMap, region: Region, margin_mm: float = NEIGHBOURHOOD_MM
) -> Calibration:
    """Calibration of a region's probability within the tumour's neighbourhood.

    The neighbourhood is every voxel within `margin_mm` of a voxel that belongs to the region in the reference, or to
    which the network gives it a probability of at least one half.
    """
    truth = region_table(reference.scheme, region)[reference.values]
    levels = np.zeros(truth.shape, dtype=np.uint8, order="F")
    levels[probabilities.box] = probabilities.of_region(region)
    box, inside = neighbourhood(truth | (levels > TOP // 2), reference.grid.spacing_mm, margin_mm)
    return calibration(levels[box], truth[box], inside)


def neighbourhood(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], margin_mm: float
) -> tuple[tuple[slice, ...], NDArray[np.bool_]]:
    """Voxels whose centre lies within `margin_mm` of the centre of a voxel of the mask.

    Returns
    -------
    tuple
        The box that holds them, and which voxels of the box they are.
    """
    from scipy.ndimage import distance_transform_edt

    tight = union_box(mask, mask)
    if any(part.stop == part.start for part in tight):
        return tight, mask[tight]
    box = tuple(
        slice(max(0, part.start - int(margin_mm / size)), min(n, part.stop + int(margin_mm / size)))
        for part, size, n in zip(tight, spacing_mm, mask.shape, strict=True)
    )
    distance_mm = distance_transform_edt(~mask[box], sampling=spacing_mm)
    return box, np.asarray(distance_mm <= margin_mm)
