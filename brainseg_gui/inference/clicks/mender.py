"""Mending a mask where a hint says that it is wrong: each voxel near it is told whether it is wrong in the same way.

A few numbers of each voxel (`traits`) go through a network of two small layers, in numpy: no engine is asked, and a
click costs a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.connected import connected
from brainseg_gui.imaging.hints import (
    NESTED_REGIONS,
    REACH_MM,
    Hint,
    distance_mm,
    indices_in,
    said_otherwise,
    surroundings,
)
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks.patch import Present
from brainseg_gui.inference.clicks.traits import COUNT, PROBABILITIES, Floats, Mask, box_near, logits_of, traits_near
from brainseg_gui.inference.models.dense import DenseNetwork
from brainseg_gui.inference.separable import apply_along_axes

OUTPUTS = ("is wrong", "is TC", "is ET")
"""Logits of each voxel: whether it is wrong as the hint says, and if it is missing, which tissue it is."""

_AT_THE_HINT_MM = 2.0  # here a person is believed whatever the network says
_SUREST = 8.0
_CLAIMED, _MIDDLE = 0.5, 0.5  # of an island, and of its greatest depth
LEAST_ML = 0.25
"""What a hint changes at least, where it can."""

_LEAST_SHARE = 0.25  # of the piece of a region that a hint takes away from: where that is less

_HALVINGS = 10  # steps to the threshold that gives it
_PER_MM = 0.05  # of the logit: of what is as likely, the nearest
_BEGUN_BY_HINTS = "ET"
_LITTLE_ML = 1.0  # of that region: what is missing of it is as small


class Mender(DenseNetwork):
    """The network: (N, `COUNT`) -> (N, `OUTPUTS`)."""

    def logits(self, traits: Floats) -> Floats:
        """Of some voxels, (N, `COUNT`) -> (N, `OUTPUTS`)."""
        return self.outputs(traits)


def mended_regions(
    mender: Mender,
    features: CaseFeatures,
    present: Present,
    hints: Sequence[Hint],
    spacing_mm: tuple[float, float, float],
) -> tuple[Box, dict[str, Mask]]:
    """A box around the last of some hints, and what the nested regions should be there.

    Only what the hint speaks of changes, within its reach; the parameters are as for `traits_near`.
    """
    hint = hints[-1]
    shape = present[hint.region].shape
    case_box = surroundings(hint, spacing_mm, (shape[0], shape[1], shape[2]))
    logits = _logits(mender, features, case_box, present, hints, spacing_mm)
    distance = distance_mm(hint.voxels_ijk, case_box, spacing_mm)
    before = {region: present[region][case_box] for region in NESTED_REGIONS}
    able = np.ones(distance.shape, bool) if hint.box is not None else distance <= REACH_MM
    if hint.adds:
        able &= _brain_in(features, case_box)
    able &= ~said_otherwise(hints, hint.region, hint.adds, case_box, spacing_mm)
    at_hint = distance <= _AT_THE_HINT_MM
    changing = before[hint.region] != hint.adds
    wrong = (logits[0] > 0) & able | at_hint
    little = _adds_to_little(present, before, at_hint, hint, spacing_mm)
    least = 0.0 if little else _least_voxels(before[hint.region], at_hint, hint, spacing_mm)
    wrong |= _likeliest(logits[0] - _PER_MM * distance, able & changing, at_hint & changing, least)
    if not hint.adds:
        wrong |= _unclaimed(before[hint.region], hints, features, case_box, spacing_mm)
        return case_box, _without(before, wrong, hint)
    tissues = {
        region: (logit > 0) & ~said_otherwise(hints, region, True, case_box, spacing_mm)
        for region, logit in (("TC", logits[1]), ("ET", logits[2]))
    }
    return case_box, _with(before, wrong, hint, tissues)


def _adds_to_little(
    present: Present, before: Present, at_hint: Mask, hint: Hint, spacing_mm: tuple[float, float, float]
) -> bool:
    """Whether a hint within a tumour adds to little enhancing tumour: that gets what convinces, and no more."""
    if not hint.adds or hint.region != _BEGUN_BY_HINTS or not before["WT"][at_hint].any():
        return False
    return int(np.count_nonzero(present[hint.region])) * float(np.prod(spacing_mm)) < _LITTLE_ML * 1000


def _least_voxels(mine: Mask, at_hint: Mask, hint: Hint, spacing_mm: tuple[float, float, float]) -> float:
    """How many voxels a hint changes at least; what is small loses no more than a share of itself by that."""
    least = LEAST_ML * 1000 / float(np.prod(spacing_mm))
    return least if hint.adds else min(least, _LEAST_SHARE * np.count_nonzero(_touching(mine, at_hint)))


def _logits(
    mender: Mender,
    features: CaseFeatures,
    case_box: Box,
    present: Present,
    hints: Sequence[Hint],
    spacing_mm: tuple[float, float, float],
) -> list[Floats]:
    """Each of the outputs on the case's grid, in the box."""
    box = box_near(case_box, features)
    traits = traits_near(features, box, present, hints, spacing_mm)
    found = np.clip(mender.logits(traits.reshape(-1, COUNT)), -_SUREST, _SUREST).reshape(*traits.shape[:3], -1)
    return _upsampled(found, features, box, case_box)


def _upsampled(found: Floats, features: CaseFeatures, box: Box, case_box: Box) -> list[Floats]:
    """Each channel of a box of the network's grid, (i, j, k, C), in a box of the case, (I, J, K)."""
    grid = features.network_grid
    i, j, k = (slice(part.start - n, part.stop - n) for part, n in zip(case_box, grid.start, strict=True))
    matrices = grid.backward(box, (i, j, k))
    return [apply_along_axes(np.asfortranarray(found[..., n]), matrices) for n in range(found.shape[-1])]


def _likeliest(likeliness: Floats, able: Mask, at_hint: Mask, least: float) -> Mask:
    """The voxels joined to a hint that are likeliest wrong, at least so many, where fewer are believed to be wrong.

    Who points at something sees more than a few voxels: an answer that nobody notices is asked for again and again.
    """

    def joined(threshold: float) -> Mask:
        there = (likeliness > threshold) & able | at_hint
        numbers, _ = connected(there, 6)
        return np.isin(numbers, np.unique(numbers[at_hint])) & there

    found = joined(0.0)
    if np.count_nonzero(found) >= least:
        return found
    low, high = -_SUREST - 2 * _PER_MM * REACH_MM, 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.count_nonzero(joined(middle)) >= least else (low, middle)
    return joined(low)


def _unclaimed(
    mine: Mask, hints: Sequence[Hint], features: CaseFeatures, case_box: Box, spacing_mm: tuple[float, float, float]
) -> Mask:
    """The island of a region that a hint takes away, where it lies within reach and the network claims no half of it.

    What only the mask says goes as a whole: in training most islands were the network's own. Who points at its rim
    speaks of the rim, and what somebody asked for by a hint is more than the mask's own.
    """
    from scipy.ndimage import distance_transform_edt

    hint, (numbers, _) = hints[-1], connected(mine)
    island = np.isin(numbers, [numbers[voxel] for voxel in indices_in(case_box, hint) if numbers[voxel]]) & mine
    if not island.any():
        return island
    distance = distance_mm(hint.voxels_ijk, case_box, spacing_mm)
    depth = distance_transform_edt(island, spacing_mm)
    at_rim = max(depth[voxel] for voxel in indices_in(case_box, hint)) < _MIDDLE * depth.max()
    asked_for = any(island[voxel] for other in hints[:-1] if other.adds for voxel in indices_in(case_box, other))
    if at_rim or asked_for or (hint.box is None and float(distance[island].max()) > REACH_MM):
        return np.zeros_like(mine)
    box = box_near(case_box, features)
    opinion = logits_of(features.values[box][..., PROBABILITIES])[hint.region]
    (claimed,) = _upsampled(opinion[..., None], features, box, case_box)
    return island if (claimed[island] > 0).mean() < _CLAIMED else np.zeros_like(mine)


def _brain_in(features: CaseFeatures, case_box: Box) -> Mask:
    """Where a box of the case is brain, as far as the network's preparation tells."""
    inside, here, there = np.zeros([part.stop - part.start for part in case_box], bool), [], []
    for part, first, length in zip(case_box, features.network_grid.start, features.network_grid.shape, strict=True):
        low, high = max(part.start, first), max(min(part.stop, first + length), part.start, first)
        here.append(slice(low - part.start, high - part.start))
        there.append(slice(low - first, high - first))
    inside[tuple(here)] = features.brain[tuple(there)] if features.brain is not None else True
    return inside


def _with(before: Present, wrong: Mask, hint: Hint, tissues: Mapping[str, Mask]) -> dict[str, Mask]:
    """The regions when voxels join one: those around it have them too, those within it where the tissue says so.

    Enhancing tumour grows so, but is begun by who points at it alone: most of what looks like one far from any is none,
    and a tumour that has none gets an error that nobody asked for.
    """
    joining = wrong & ~before[hint.region]
    found: dict[str, Mask] = {}
    for number, region in reversed(list(enumerate(NESTED_REGIONS))):
        belongs = number <= NESTED_REGIONS.index(hint.region)
        inner = joining if belongs else joining & tissues[region]
        if region == _BEGUN_BY_HINTS and not belongs:
            inner &= _touching(inner | before[region], before[region])
        found[region] = before[region] | inner
        for within in NESTED_REGIONS[number + 1 :]:
            found[region] |= found[within] & joining
    return found


def _touching(mask: Mask, seeds: Mask) -> Mask:
    """The pieces of a mask that hold a voxel of some seeds; corners join."""
    numbers, _ = connected(mask)
    return np.isin(numbers, np.unique(numbers[seeds & mask])) & mask


def _without(before: Present, wrong: Mask, hint: Hint) -> dict[str, Mask]:
    """The regions when voxels leave one: those within it lose them too."""
    outer = NESTED_REGIONS[: NESTED_REGIONS.index(hint.region)]
    return {region: before[region] if region in outer else before[region] & ~wrong for region in NESTED_REGIONS}
