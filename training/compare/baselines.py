"""Segmenting by thresholds alone: what any network has to beat.

Both baselines know nothing of anatomy and learn nothing. Every length is in mm, so that a study at 1 mm and one at
2 mm are treated alike:

1. WT: FLAIR above a threshold from its histogram within the brain. Opened with a ball of 2 mm, the largest
   26-connected component, holes filled.
2. ET: T1ce minus T1, each in standard deviations of the brain about its mean, above a threshold, within 4 mm of WT and
   within the brain. Components below 0.05 ml are dropped as noise.
3. TC: ET closed with a ball of 4 mm, and its holes filled, in space and slice by slice (a rim is often open above and
   below).
4. WT is WT or TC; oedema is what of WT is not TC.

`otsu` takes the thresholds of Otsu (IEEE Trans. SMC 9:62, 1979): two classes on FLAIR in the brain, two on the
difference within 4 mm of WT. `three classes` takes the upper of Otsu's two thresholds for three classes on FLAIR
(fluid, tissue, lesion), and an enhancement of at least one standard deviation, so that a tumour which takes up nothing
need not get an ET.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.connected import Numbers, connected, sizes_of
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.brain import brain_mask

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]

NEEDED = (Modality.FLAIR, Modality.T1, Modality.T1CE)
_BINS = 256
_OPENED_MM = 2.0
_REACH_MM = 4.0
_SPECK_ML = 0.05
_NCR, _ED, _ET = 1, 2, 3


@dataclass(frozen=True)
class Baseline:
    """Thresholds.

    Parameters
    ----------
    name
        In tables.
    flair_classes
        Otsu's classes on FLAIR, 2 or 3; the brightest is WT.
    enhancement
        Threshold of T1ce minus T1 in standard deviations of the brain, or None for Otsu's.
    """

    name: str
    flair_classes: int
    enhancement: float | None


BASELINES = (Baseline("otsu", 2, None), Baseline("three classes", 3, 1.0))


def segment_by_thresholds(volumes: Mapping[Modality, Volume], baseline: Baseline) -> NDArray[np.uint8]:
    """Segment a study.

    Parameters
    ----------
    volumes
        FLAIR, T1 and T1ce on one RAS grid.
    baseline
        The thresholds.

    Returns
    -------
    numpy.ndarray
        Network classes: 0 background, 1 NCR, 2 ED, 3 ET; (I, J, K).

    Raises
    ------
    ModelError
        If the images hold no brain.
    """
    grid = volumes[Modality.FLAIR].grid
    everywhere = brain_mask([(volumes[m], volumes[m].stored) for m in NEEDED], "any modality unlike the corners")
    classes = np.zeros(everywhere.shape, np.uint8, order="F")
    box = box_around(everywhere)
    if box is None:  # brain_mask has refused that
        return classes
    brain = everywhere[box]
    flair, t1, t1ce = (_standardised(volumes[m], box, brain) for m in NEEDED)
    whole = _whole_tumour(flair, brain, baseline, grid.spacing_mm)
    near = grown(whole, _REACH_MM, grid.spacing_mm) & brain
    enhancing = _enhancing(t1ce - t1, near, baseline, grid.voxel_ml)
    core = _filled(closed(enhancing, _REACH_MM, grid.spacing_mm)) & brain
    result = classes[box]
    result[whole] = _ED
    result[core] = _NCR
    result[enhancing] = _ET
    return classes


def _standardised(volume: Volume, box: Box, brain: Mask) -> NDArray[np.float32]:
    values = volume.stored[box].astype(np.float32) * np.float32(np.sign(volume.slope))
    inside = values[brain]
    values -= inside.mean()
    values /= max(float(inside.std()), 1e-6)
    return values


def _whole_tumour(flair: NDArray[np.float32], brain: Mask, baseline: Baseline, spacing_mm: Spacing) -> Mask:
    threshold = otsu(flair[brain], baseline.flair_classes)[-1]
    return _filled(_largest(opened((flair > threshold) & brain, _OPENED_MM, spacing_mm)))


def _enhancing(difference: NDArray[np.float32], near: Mask, baseline: Baseline, voxel_ml: float) -> Mask:
    if not near.any():
        return near
    threshold = baseline.enhancement
    if threshold is None:
        threshold = otsu(difference[near], 2)[-1]
    return _without_specks((difference > threshold) & near, _SPECK_ML / voxel_ml)


def otsu(values: NDArray[Any], classes: int) -> tuple[float, ...]:
    """The thresholds that part values into two or three classes with the largest variance between them.

    Parameters
    ----------
    values
        Any number of values; what lies outside of their 0.1st to 99.9th percentile is counted at these.
    classes
        2 or 3.

    Returns
    -------
    tuple
        One threshold, or two in ascending order: a value above it belongs to the next class.

    Notes
    -----
    On a histogram of 256 bins. With zeroth and first moments ω and μ of each class, ``Σ ω (μ/ω)²`` is maximised, which
    is the variance between classes but for a constant (Otsu 1979, eq. 14).
    """
    low, high = np.percentile(values, (0.1, 99.9))
    if high <= low:
        return (float(high),) * (classes - 1)
    counts, edges = np.histogram(np.clip(values, low, high), _BINS, (low, high))
    middles = (edges[1:] + edges[:-1]) / 2
    # moments of the bins before each edge, 0 to 256
    zeroth = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])
    first = np.concatenate([[0.0], np.cumsum(counts * middles)])
    if classes == 2:
        between = _gain(zeroth, first) + _gain(zeroth[-1] - zeroth, first[-1] - first)
        return (_middle_of_best(between, edges),)
    return _two_thresholds(zeroth, first, edges)


def _two_thresholds(zeroth: NDArray[Any], first: NDArray[Any], edges: NDArray[Any]) -> tuple[float, float]:
    lower, upper = np.triu_indices(edges.size, 1)
    between = (
        _gain(zeroth[lower], first[lower])
        + _gain(zeroth[upper] - zeroth[lower], first[upper] - first[lower])
        + _gain(zeroth[-1] - zeroth[upper], first[-1] - first[upper])
    )
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return float(edges[lower[best]].mean()), float(edges[upper[best]].mean())


def _gain(zeroth: NDArray[Any], first: NDArray[Any]) -> NDArray[np.float64]:
    # an empty class adds nothing
    gain: NDArray[np.float64] = np.divide(first**2, zeroth, out=np.zeros(zeroth.shape), where=zeroth > 0)
    return gain


def _middle_of_best(between: NDArray[Any], edges: NDArray[Any]) -> float:
    """Where the histogram is empty between two classes every edge there is as good: the one in the middle."""
    return float(edges[between >= between.max() * (1 - 1e-12)].mean())


def grown(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """Everything within a radius of a mask, (I, J, K)."""
    from scipy.ndimage import distance_transform_edt

    box = box_around(mask)
    if box is None:
        return mask
    room = [int(radius_mm / mm) for mm in spacing_mm]
    near = tuple(slice(max(0, s.start - n), s.stop + n) for s, n in zip(box, room, strict=True))
    result = np.zeros_like(mask)
    result[near] = distance_transform_edt(~mask[near], spacing_mm) <= radius_mm
    return result


def opened(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """A mask without what is thinner than a ball, (I, J, K)."""
    return grown(~grown(~mask, radius_mm, spacing_mm), radius_mm, spacing_mm)


def closed(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """A mask with gaps closed that a ball does not pass, (I, J, K)."""
    if not mask.any():
        return mask
    return ~grown(~grown(mask, radius_mm, spacing_mm), radius_mm, spacing_mm) | mask


def _filled(mask: Mask) -> Mask:
    """Holes filled, in space and in every axial slice."""
    from scipy.ndimage import binary_fill_holes

    result = np.asarray(binary_fill_holes(mask))
    for k in np.flatnonzero(mask.any(axis=(0, 1))):
        result[:, :, k] = binary_fill_holes(result[:, :, k])
    return result


def _largest(mask: Mask) -> Mask:
    components, voxels = _labelled(mask)
    return np.asarray(components == voxels.argmax()) & mask


def _without_specks(mask: Mask, voxels: float) -> Mask:
    components, counts = _labelled(mask)
    return np.asarray((counts >= voxels)[components]) & mask


def _labelled(mask: Mask) -> tuple[Numbers, NDArray[np.int64]]:
    """26-connected components, and their sizes; 0 for the rest."""
    components, count = connected(mask)
    return components, sizes_of(components, count)
