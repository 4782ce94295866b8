"""Simulated people whose masks are mended, and what is known of the voxels near their hints.

They look at what a network made of a case, at a mask that is right only here or only elsewhere, or at an empty one.
Each sees some of the error that they point at mended before they point at the next. Everything happens on the network's
grid, which is coarse enough for thousands of clicks in a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import area_of
from brainseg_gui.annotation.tools.clicks import joined_or_left
from brainseg_gui.imaging.box import Box, whole_box
from brainseg_gui.imaging.hints import REACH_MM, Hint, distance_mm, surroundings
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks.patch import sampled_mask
from brainseg_gui.inference.clicks.traits import Floats, traits_near
from brainseg_gui.inference.network_grid import NetworkGrid
from training.clicks.case import SCHEME, Classes, ClickCase
from training.clicks.people import any_hint, region_mask
from training.clicks.sittings import regions_of

_PREDICTED, _EMPTY = 0.65, 0.07  # of the sittings begin so; the others with a mask that is right in places
_PLACE_MM = (8.0, 24.0)  # radius of such a place
_ASTRAY = 0.03
_MENDED_MM = (3.0, 18.0)  # around a hint
_TOO_MUCH, _TOO_LITTLE = 0.3, 0.2  # of what is mended is a voxel larger or smaller than the error


@dataclass(frozen=True, eq=False)
class Rows:
    """Some voxels near hints.

    Parameters
    ----------
    traits
        (N, `traits.COUNT`).
    wrong
        Whether each is wrong as the hint says, (N,).
    truth
        What each is, classes, (N,).
    adds
        Whether the hint of each adds, (N,).
    """

    traits: Floats
    wrong: NDArray[np.bool_]
    truth: Classes
    adds: NDArray[np.bool_]


def joined(parts: Sequence[Rows]) -> Rows:
    """All of them."""
    names = [part.name for part in fields(Rows)]
    return Rows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@dataclass(frozen=True, eq=False)
class CoarseCase:
    """A case on the network's grid.

    Parameters
    ----------
    features
        Of the network, on a grid that is its own.
    truth, prediction
        Classes, (I, J, K).
    spacing_mm
        Edges of a voxel.
    """

    features: CaseFeatures
    truth: Classes
    prediction: Classes
    spacing_mm: tuple[float, float, float]


def coarse(case: ClickCase) -> CoarseCase:
    """A case on the grid of its features."""
    grid = case.features.network_grid
    i, j, k = (mm * step for mm, step in zip(case.spacing_mm, grid.steps, strict=True))
    features = CaseFeatures(case.features.values, NetworkGrid.of_box((0, 0, 0), grid.resampled), None)
    return CoarseCase(features, _sampled(case.truth, grid), _sampled(case.prediction, grid), (i, j, k))


def _sampled(classes: Classes, grid: NetworkGrid) -> Classes:
    whole = whole_box(grid.resampled)
    found = np.zeros(grid.resampled, np.uint8)
    for region, becomes in (("WT", 2), ("TC", 1), ("ET", 3)):
        inside = sampled_mask(region_mask(classes, region), grid, whole) > 0.5
        found[inside & ((found > 0) | (region == "WT"))] = becomes
    return found


def sitting_rows(case: CoarseCase, clicks: int, most: int, rng: np.random.Generator) -> Iterator[Rows]:
    """One person at one mask: some voxels near each hint, nearer ones more often.

    Parameters
    ----------
    clicks
        How often the person points, while anything is wrong.
    most
        Voxels of each hint.
    """
    present, hints = _begun(case, rng), list[Hint]()
    for _ in range(clicks):
        hint = any_hint(present, case.truth, rng, case.spacing_mm)
        if hint is None:
            return
        if rng.random() < _ASTRAY:
            i, j, k = (int(rng.integers(count)) for count in present.shape)
            hint = replace(hint, voxels_ijk=((i, j, k),))
        hints.append(hint)
        yield from _near(case, present, hints, most, rng)
        _mend(case, present, hint, rng)


def _begun(case: CoarseCase, rng: np.random.Generator) -> Classes:
    chance = rng.random()
    if chance < _PREDICTED:
        return case.prediction.copy()
    if chance < _PREDICTED + _EMPTY:
        return np.zeros_like(case.truth)
    tumour = np.argwhere(case.truth)
    i, j, k = tumour[rng.integers(len(tumour))].tolist()
    near = distance_mm([(i, j, k)], whole_box(case.truth.shape), case.spacing_mm) < rng.uniform(*_PLACE_MM)
    inside, outside = (case.prediction, case.truth) if rng.random() < 0.5 else (case.truth, case.prediction)
    return np.where(near, inside, outside)


def _near(case: CoarseCase, present: Classes, hints: list[Hint], most: int, rng: np.random.Generator) -> Iterator[Rows]:
    hint, box = hints[-1], _box(hints[-1], case)
    traits = traits_near(case.features, box, regions_of(present), hints, case.spacing_mm)
    distance = distance_mm(hint.voxels_ijk, box, case.spacing_mm)
    mine, wanted = region_mask(present[box], hint.region), region_mask(case.truth[box], hint.region)
    able = np.flatnonzero((mine != hint.adds) & (distance <= REACH_MM))
    if able.size:
        weight = 1 / (4 + distance.ravel()[able])
        chosen = rng.choice(able, min(most, able.size), replace=False, p=weight / weight.sum())
        flat = traits.reshape(-1, traits.shape[-1])[chosen]
        yield Rows(
            flat, (mine != wanted).ravel()[chosen], case.truth[box].ravel()[chosen], np.full(len(chosen), hint.adds)
        )


def _mend(case: CoarseCase, present: Classes, hint: Hint, rng: np.random.Generator) -> None:
    """Somebody's answer to the hint: the error near it, not quite as it is."""
    from scipy.ndimage import binary_dilation, binary_erosion

    box = _box(hint, case)
    mine, wanted = region_mask(present[box], hint.region), region_mask(case.truth[box], hint.region)
    wrong, chance = (mine != wanted) & (mine != hint.adds), rng.random()
    if chance < _TOO_MUCH:
        wrong = binary_dilation(wrong)
    elif chance < _TOO_MUCH + _TOO_LITTLE:
        wrong = binary_erosion(wrong)
    wrong &= distance_mm(hint.voxels_ijk, box, case.spacing_mm) < rng.uniform(*_MENDED_MM)
    change = joined_or_left(present, SCHEME, hint, area_of(wrong, box))
    if change is not None:
        np.copyto(present[change.slab], change.labels, where=change.mask)


def _box(hint: Hint, case: CoarseCase) -> Box:
    i, j, k = case.truth.shape
    return surroundings(hint, case.spacing_mm, (i, j, k))
