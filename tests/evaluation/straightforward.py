"""The metrics once more, as plainly as their definitions read: nothing is cropped, nothing is shared with the program.

The tests compare the program with these and with libraries; ``make bench`` times them beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from scipy.ndimage import binary_dilation, generate_binary_structure
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]
Spacing = tuple[float, float, float]

MISSING_MM = 374.0
SMALLEST_VOXELS = 50


def surface_voxels(mask: Mask) -> np.ndarray[Any, Any]:
    """Voxels with a face neighbour outside the mask, (n, 3)."""
    room = np.pad(mask, 1)
    whole = np.ones_like(mask)
    for axis in range(3):
        for step in (-1, 1):
            whole &= np.roll(room, step, axis)[1:-1, 1:-1, 1:-1]
    return np.argwhere(mask & ~whole)


def directed_distances_mm(reference: Mask, prediction: Mask, spacing: Spacing) -> list[np.ndarray[Any, Any]]:
    """From every surface voxel of each mask to the nearest of the other, from the table of all pairs."""
    points = [surface_voxels(mask) * np.array(spacing) for mask in (reference, prediction)]
    table = cdist(*points)
    return [table.min(axis=1), table.min(axis=0)]


def hd95_mm(reference: Mask, prediction: Mask, spacing: Spacing) -> float:
    """The larger directed 95th percentile; both empty 0, one empty 374."""
    if not reference.any() or not prediction.any():
        return MISSING_MM if reference.any() or prediction.any() else 0.0
    return float(max(np.percentile(d, 95) for d in directed_distances_mm(reference, prediction, spacing)))


def surface_dice(reference: Mask, prediction: Mask, spacing: Spacing, tolerance_mm: float) -> float:
    """Share of all surface voxels within a tolerance of the other surface; both empty 1, one empty 0."""
    if not reference.any() or not prediction.any():
        return float(reference.any() == prediction.any())
    return float(np.mean(np.concatenate(directed_distances_mm(reference, prediction, spacing)) <= tolerance_mm))


def components(mask: Mask) -> tuple[Numbers, int]:
    """26-connected components, numbered from 1, and how many: a graph of all pairs of voxels that touch."""
    numbers = np.zeros(mask.shape, dtype=np.int64)
    voxels = np.count_nonzero(mask)
    if voxels == 0:
        return numbers, 0
    which = np.full(np.add(mask.shape, 2), -1)
    which[1:-1, 1:-1, 1:-1][mask] = np.arange(voxels)
    steps = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]  # the others are the way back
    touching = which[tuple((np.argwhere(mask) + 1 + np.array(steps)[:, None]).T)].T
    step, first = np.nonzero(touching >= 0)
    pairs = np.stack([first, touching[step, first]], axis=1)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(voxels, voxels))
    count, number = connected_components(graph, directed=False)
    numbers[mask] = number + 1
    return numbers, count


def lesion_wise(
    reference: Mask,
    prediction: Mask,
    spacing: Spacing,
    numbered: Callable[[Mask], tuple[Numbers, int]] = components,
    distance_mm: Callable[[Mask, Mask, Spacing], float] = hd95_mm,
) -> dict[str, float]:
    """The BraTS 2023 rules for glioma, sentence by sentence: Dice, HD95, lesions found, missed, false and left out."""
    # the challenge's volumes are wide enough for the dilation; these may not be
    reference, prediction = np.pad(reference, 3), np.pad(prediction, 3)
    # "dilate the reference with generate_binary_structure(3, 2), 3 iterations"
    dilated = binary_dilation(reference, generate_binary_structure(3, 2), iterations=3)
    # "26-connected components of the dilated mask are the lesions"
    lesions, lesion_count = numbered(dilated)
    parts, part_count = numbered(prediction)
    touched: set[int] = set()
    dice, distance = [], []
    found = missed = left_out = 0
    for number in range(1, lesion_count + 1):
        # "every predicted component touching a dilated lesion belongs to it"
        mine = set(np.unique(parts[lesions == number]).tolist()) - {0}
        touched |= mine
        # "score their union against the undilated lesion"
        truth = reference & (lesions == number)
        union = np.isin(parts, list(mine))
        # "reference lesions of 50 voxels or fewer are left out"
        if truth.sum() <= SMALLEST_VOXELS:
            left_out += 1
            continue
        found, missed = found + bool(mine), missed + (not mine)
        dice.append(2 * (truth & union).sum() / (truth.sum() + union.sum()))
        distance.append(distance_mm(truth, union, spacing) if mine else MISSING_MM)
    # "a predicted component touching no lesion is a false positive at any size and scores Dice 0, HD95 374"
    false = part_count - len(touched)
    total = len(dice) + false
    return {
        "dice": float(sum(dice)) / total if total else 1.0,
        "hd95_mm": (sum(distance) + false * MISSING_MM) / total if total else 0.0,
        "found": found,
        "missed": missed,
        "false": false,
        "left_out": left_out,
    }
