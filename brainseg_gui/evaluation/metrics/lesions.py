"""Lesion-wise scores as in the BraTS 2023 challenge.

Parts of the reference that merge when it is dilated are one lesion: 26-connected components of the dilated mask.
Every predicted component (26-connected) that touches a dilated lesion belongs to it, and their union is scored
against the lesion itself, undilated. Small reference lesions are left out. A predicted component that touches no
lesion is false at any size, and a lesion without a predicted component is missed: both score Dice 0 and the largest
distance. (Saluja et al., BraTS 2023 metrics.) Ours: libraries count lesions by rules of their own.

The element of the dilation is the challenge's own, ``scipy.ndimage.generate_binary_structure(3, 2)``: a voxel and its
18 neighbours across faces and edges. Three iterations reach 3 voxels along an axis, and offsets of at most 6 in all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.overlap import count
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.metrics.surface import Spacing, surface_distances
from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.connected import Numbers, connected


@dataclass(frozen=True)
class Lesion:
    """One reference lesion and how it was met.

    Parameters
    ----------
    voxels
        Size in the reference.
    found
        Whether a predicted component touches it.
    dice, hd95_mm
        Of the union of these components against the lesion.
    """

    voxels: int
    found: bool
    dice: float
    hd95_mm: float


@dataclass(frozen=True)
class LesionScore:
    """Lesion-wise score of one region.

    Parameters
    ----------
    lesions
        The reference lesions that count.
    false_voxels
        Sizes of the predicted components that touch no lesion.
    left_out
        Reference lesions that are too small to count.
    missing_mm
        Distance of a missed or false lesion.
    """

    lesions: tuple[Lesion, ...]
    false_voxels: tuple[int, ...]
    left_out: int
    missing_mm: float

    @property
    def found(self) -> int:
        """Reference lesions that were found."""
        return sum(lesion.found for lesion in self.lesions)

    @property
    def missed(self) -> int:
        """Reference lesions that were missed."""
        return len(self.lesions) - self.found

    @property
    def dice(self) -> float:
        """Sum of the lesions' Dice over lesions and false components; 1 when there is neither."""
        total = len(self.lesions) + len(self.false_voxels)
        return sum(lesion.dice for lesion in self.lesions) / total if total else 1.0

    @property
    def hd95_mm(self) -> float:
        """Mean HD95 over lesions and false components; 0 when there is neither."""
        total = len(self.lesions) + len(self.false_voxels)
        distance = sum(lesion.hd95_mm for lesion in self.lesions) + self.missing_mm * len(self.false_voxels)
        return distance / total if total else 0.0


def lesion_score(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], spacing_mm: Spacing, rules: RuleSet
) -> LesionScore:
    """Score one region lesion by lesion; both masks of the same shape, (I, J, K)."""
    from scipy.ndimage import find_objects

    # room for the dilation, so that a cropped mask scores as the whole one does
    room = rules.lesion_dilation
    reference, prediction = np.pad(reference, room), np.pad(prediction, room)
    merged, lesion_count = connected(dilated(reference, room))
    parts, part_count = connected(prediction)
    voxels = np.bincount(merged[reference], minlength=lesion_count + 1)
    kept = np.flatnonzero(voxels > rules.lesion_smallest_voxels).tolist()
    parts_of = _touching(merged, parts)
    boxes, part_boxes = (find_objects(merged), find_objects(parts)) if kept else ([], [])
    lesions = []
    for number in kept:
        mine = parts_of.get(number, [])
        box = _union([boxes[number - 1], *(part_boxes[part - 1] for part in mine)])
        lesion, predicted = reference[box] & (merged[box] == number), _members(mine, part_count)[parts[box]]
        lesions.append(_scored(lesion, predicted, int(voxels[number]), bool(mine), spacing_mm, rules))
    false_voxels = _false_voxels(parts, part_count, parts_of)
    return LesionScore(tuple(lesions), false_voxels, lesion_count - len(kept), rules.missing_mm)


def _members(numbers: Sequence[int], largest: int) -> NDArray[np.bool_]:
    """Table of booleans from 0 to `largest`: is this number among those given."""
    table = np.zeros(largest + 1, dtype=bool)
    table[numbers] = True
    return table


def _false_voxels(parts: Numbers, part_count: int, parts_of: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """Sizes of the predicted components that touch no lesion, also none that is left out."""
    met = _members([0, *(part for mine in parts_of.values() for part in mine)], part_count)
    sizes = np.bincount(parts.ravel(), minlength=part_count + 1)
    return tuple(sizes[~met].tolist())


def _scored(
    lesion: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    voxels: int,
    found: bool,
    spacing_mm: Spacing,
    rules: RuleSet,
) -> Lesion:
    if not found:
        return Lesion(voxels, False, 0.0, rules.missing_mm)
    distance = surface_distances(lesion, predicted, spacing_mm).hd95_mm(rules)
    return Lesion(voxels, True, count(lesion, predicted).dice, distance)


def dilated(mask: NDArray[np.bool_], iterations: int) -> NDArray[np.bool_]:
    """Dilation by a voxel and its 18 neighbours across faces and edges, so many times, (I, J, K).

    The element is the union of three flat 3×3 squares, one per plane, and each square is a row along one axis
    dilated by a row along another: five passes of shifts instead of nineteen.
    """
    for _ in range(iterations):
        along_i, along_k = _thickened(mask, 0), _thickened(mask, 2)
        mask = _thickened(along_i | along_k, 1) | _thickened(along_i, 2)
    return mask


def _thickened(mask: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Dilation by one voxel to both sides along an axis."""
    ahead, behind = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    result = mask.copy()
    result[tuple(ahead)] |= mask[tuple(behind)]
    result[tuple(behind)] |= mask[tuple(ahead)]
    return result


def _touching(merged: Numbers, parts: Numbers) -> dict[int, list[int]]:
    """For each lesion, the predicted components that touch it."""
    both = (merged > 0) & (parts > 0)
    pairs = np.unique(merged[both].astype(np.int64) << 32 | parts[both])
    touching: dict[int, list[int]] = {}
    for pair in pairs.tolist():
        touching.setdefault(pair >> 32, []).append(pair & 0xFFFFFFFF)
    return touching


def _union(boxes: Sequence[tuple[slice, ...]]) -> Box:
    ends = [(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes)) for axis in range(3)]
    return slice(*ends[0]), slice(*ends[1]), slice(*ends[2])
