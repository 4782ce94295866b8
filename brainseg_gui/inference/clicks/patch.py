"""The patch around a hint: what the network for clicks sees, and what its answer means on the case's grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, grown
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint, distance_mm
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.network_grid import NetworkGrid
from brainseg_gui.inference.separable import Banded, apply_along_axes, gaussian_matrix, linear_matrix

EDGE = 40
"""Edge of the patch in voxels of the network's grid."""

_SMOOTHING = 0.5  # voxels of the case, before the mask is sampled; as for the images
_HINT_MM = 4.0  # standard deviation of a hint's spot
_IN_BOX = 0.5
_SUREST = 30.0  # a logit; beyond it the exponential may overflow
_CERTAINTY = 8.0  # logits between a region that is there and one that is not

Floats = NDArray[np.float32]
Present = Mapping[str, Mask]
"""Each of the nested regions as it is, on the case's grid, (I, J, K)."""


@dataclass(frozen=True)
class Patch:
    """Where a patch lies.

    Parameters
    ----------
    network
        Its voxels of the network's grid.
    case
        The voxels of the case between them, where the answer holds.
    """

    network: Box
    case: Box


def patch_around(hint: Hint, grid: NetworkGrid) -> Patch:
    """The patch around the middle of a hint, moved into the network's grid where it would leave it."""
    middle = np.mean(hint.voxels_ijk, axis=0)
    network, case = [], []
    for at, start, step, count, length in zip(middle, grid.start, grid.steps, grid.resampled, grid.shape, strict=True):
        first = min(max(round((at - start) / step) - EDGE // 2, 0), max(count - EDGE, 0))
        last = min(first + EDGE, count)
        network.append(slice(first, last))
        ends = start + round(first * step), start + (length if last == count else round((last - 1) * step) + 1)
        case.append(slice(*ends))
    return Patch((network[0], network[1], network[2]), (case[0], case[1], case[2]))


def patch_input(
    features: CaseFeatures, patch: Patch, present: Present, hints: Sequence[Hint], spacing_mm: Sequence[float]
) -> Floats:
    """What the network for clicks sees, (1, `EDGE`, `EDGE`, `EDGE`, C): features, the present regions, hints.

    Parameters
    ----------
    present
        Only the surroundings of the patch are looked at.
    hints
        All that were given for this mask, the newest last.
    """
    parts = [features.values[patch.network].astype(np.float32)]
    grid = features.network_grid
    parts += [sampled_mask(present[region], grid, patch.network)[..., None] for region in NESTED_REGIONS]
    parts += [spots[..., None] for spots in _spots(hints, grid, patch.network, spacing_mm)]
    joined = np.concatenate(parts, axis=-1)  # (i, j, k, C) -> (1, EDGE, EDGE, EDGE, C)
    missing = [(0, EDGE - n) for n in joined.shape[:3]]
    return np.pad(joined, [*missing, (0, 0)])[None]


def refined_regions(
    answer: Floats, features: CaseFeatures, patch: Patch, present: Present, adds: bool
) -> dict[str, Mask]:
    """The regions in the patch of the case, as the network for clicks wants them.

    The network's change of each region is added to the mask itself, so that where it changes nothing the mask stays as
    it is, voxel by voxel, however fine it was drawn.

    Parameters
    ----------
    answer
        Change of each region's logits, (1, `EDGE`, `EDGE`, `EDGE`, 3).
    """
    matrices = _back(features.network_grid, patch)
    i, j, k = (slice(0, part.stop - part.start) for part in patch.network)
    found: dict[str, Mask] = {}
    for channel, region in enumerate(NESTED_REGIONS):
        before = sampled_mask(present[region], features.network_grid, patch.network)
        logits = np.clip(logits_before(before) + answer[0, i, j, k, channel], -_SUREST, _SUREST)
        after = 1 / (1 + np.exp(-logits))
        change = apply_along_axes(np.asarray(after - before, np.float32), matrices)
        found[region] = present[region][patch.case] + change > 0.5
    if features.brain is not None:
        brain = features.brain[_within(patch.case, features.network_grid.start)]
        found = {region: mask & (brain | present[region][patch.case]) for region, mask in found.items()}
    return _nested(found, adds)


def logits_before(share: Floats) -> Floats:
    """What a region's share of a voxel counts, before the network changes it."""
    return np.asarray((share - 0.5) * _CERTAINTY, np.float32)


def _nested(found: dict[str, Mask], adds: bool) -> dict[str, Mask]:
    """Each region within the one before: what was added counts there too, what was taken away is gone further in."""
    whole, core, enhancing = (found[region] for region in NESTED_REGIONS)
    if adds:
        core = core | enhancing
        return {"WT": whole | core, "TC": core, "ET": enhancing}
    core = core & whole
    return {"WT": whole, "TC": core, "ET": enhancing & core}


def sampled_mask(mask: Mask, grid: NetworkGrid, box: Box) -> Floats:
    """A mask on the network's grid, in a box of that: shares from 0 to 1."""
    near = _case_box(grid, grown(box, 2, grid.resampled) if max(grid.steps) > 1.0 else box)
    inside = np.asfortranarray(mask[near], np.float32)
    lengths = [part.stop - part.start for part in near]
    local = NetworkGrid.of_box((0, 0, 0), (lengths[0], lengths[1], lengths[2]))
    matrices = []
    for axis, (part, step) in enumerate(zip(box, grid.steps, strict=True)):
        matrices.append(_sampling(local.shape[axis], part, step, near[axis].start - grid.start[axis]))
    return apply_along_axes(inside, matrices)


def _sampling(length: int, part: slice, step: float, offset: int) -> Banded | None:
    if step == 1.0 and (offset, length) == (part.start, part.stop - part.start):
        return None
    sample = linear_matrix(length, np.arange(part.start, part.stop) * step - offset)
    smooth = gaussian_matrix(length, _SMOOTHING) if step > 1.0 else None
    return sample if smooth is None else sample @ smooth


def _case_box(grid: NetworkGrid, box: Box) -> Box:
    """The voxels of the case from the first to the last voxel of a box of the network's grid."""
    i, j, k = (
        slice(start + int(part.start * step), start + min(length, int(np.ceil((part.stop - 1) * step)) + 1))
        for part, start, step, length in zip(box, grid.start, grid.steps, grid.shape, strict=True)
    )
    return i, j, k


def _back(grid: NetworkGrid, patch: Patch) -> list[Banded | None]:
    return grid.backward(patch.network, _within(patch.case, grid.start))


def _within(box: Box, start: Voxel) -> Box:
    i, j, k = (slice(part.start - first, part.stop - first) for part, first in zip(box, start, strict=True))
    return i, j, k


def _spots(hints: Sequence[Hint], grid: NetworkGrid, box: Box, spacing_mm: Sequence[float]) -> list[Floats]:
    """For each region where it was said to be, then for each region where it was said not to be."""
    i, j, k = (step * mm for step, mm in zip(grid.steps, spacing_mm, strict=True))
    shape = tuple(part.stop - part.start for part in box)
    maps = {(region, adds): np.zeros(shape, np.float32) for adds in (True, False) for region in NESTED_REGIONS}
    for hint in hints:
        spot = _spot(hint, grid, box, (i, j, k))
        for region in NESTED_REGIONS:
            said = hint.says(region)
            if said is not None:
                np.maximum(maps[region, said], spot, out=maps[region, said])
    return list(maps.values())


def _spot(hint: Hint, grid: NetworkGrid, box: Box, spacing_mm: tuple[float, float, float]) -> Floats:
    places = ((np.array(hint.voxels_ijk) - grid.start) / grid.steps).tolist()
    distance = distance_mm([(i, j, k) for i, j, k in places], box, spacing_mm)
    spot: Floats = np.exp(-0.5 * (distance / np.float32(_HINT_MM)) ** 2)
    if hint.box is not None:
        i, j, k = (
            slice(max(round((b.start - s) / step) - p.start, 0), max(round((b.stop - s) / step) - p.start, 0))
            for b, s, step, p in zip(hint.box, grid.start, grid.steps, box, strict=True)
        )
        spot[i, j, k] = np.maximum(spot[i, j, k], np.float32(_IN_BOX))
    return spot
