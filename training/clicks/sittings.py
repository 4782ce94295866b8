"""What the network for clicks is trained on: people who correct masks, click after click, as good as it is by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import LabelChange
from brainseg_gui.annotation.tools.click_answers import change_towards
from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint, distance_mm
from brainseg_gui.inference.clicks.patch import (
    EDGE,
    Floats,
    Patch,
    logits_before,
    patch_around,
    patch_input,
    refined_regions,
    sampled_mask,
)
from training.clicks.case import SCHEME, Classes, ClickCase, load_click_case
from training.clicks.people import Person, next_hint, region_mask

TRAINED_PERSON = Person(jitter=0.7, wrong=0.03, gestures={"click": 0.8, "scribble": 0.1, "box": 0.1})
_MOST_CLICKS = 5
_NEAR, _ASKED_FOR = 7.0, 14.0  # weight at the newest hint, where what it speaks of is right and where it is wrong
_NEAR_MM = 10.0  # standard deviation; right voxels count there too, or every answer would overflow
_EMPTY, _PREDICTED = 0.25, 0.45  # of the sittings begin so; the others with a spoiled reference

Predict = Callable[[Floats], Floats]


@dataclass(eq=False)
class Sitting:
    """One person at one mask.

    Parameters
    ----------
    case
        The case.
    present
        The mask as it is, classes, (I, J, K); changed by each click.
    hints
        What was said so far.
    """

    case: ClickCase
    present: Classes
    hints: list[Hint] = field(default_factory=list)

    @property
    def patch(self) -> Patch:
        """The patch around the newest hint."""
        return patch_around(self.hints[-1], self.case.features.network_grid)

    def given(self) -> Floats:
        """What the network sees of it."""
        regions = regions_of(self.present)
        return patch_input(self.case.features, self.patch, regions, self.hints, self.case.spacing_mm)

    def change(self, answer: Floats) -> LabelChange | None:
        """The change that an answer of the network comes to."""
        hint, patch = self.hints[-1], self.patch
        wanted = refined_regions(answer, self.case.features, patch, regions_of(self.present), hint.adds)
        return change_towards(self.present, SCHEME, patch.case, wanted, hint, self.case.spacing_mm)

    def wanted(self, given: Floats) -> Floats:
        """What the loss compares with, of what the network sees: regions, logits before, weight; (…, 7)."""
        grid, box = self.case.features.network_grid, self.patch.network
        inside = tuple(slice(0, part.stop - part.start) for part in box)
        features, truth = self.case.features.values.shape[-1], regions_of(self.case.truth)
        before = [given[0][inside][..., features + n] for n in range(len(NESTED_REGIONS))]
        true = [sampled_mask(truth[region], grid, box) > 0.5 for region in NESTED_REGIONS]
        asked = NESTED_REGIONS.index(self.hints[-1].region)
        weight = 1 + self._nearness(box) * np.where((before[asked] > 0.5) != true[asked], _ASKED_FOR, _NEAR)
        parts = [*true, *(logits_before(share) for share in before), weight]
        # seven of (i, j, k) -> (i, j, k, 7) -> (EDGE, EDGE, EDGE, 7)
        joined = np.stack([np.asarray(part, np.float32) for part in parts], axis=-1)
        return np.pad(joined, [*((0, EDGE - n) for n in joined.shape[:3]), (0, 0)])

    def _nearness(self, box: Box) -> Floats:
        """From 1 at the newest hint to 0 far from it."""
        grid = self.case.features.network_grid
        i, j, k = (step * mm for step, mm in zip(grid.steps, self.case.spacing_mm, strict=True))
        places = (np.array(self.hints[-1].voxels_ijk) / grid.steps).tolist()
        distance = distance_mm([(i, j, k) for i, j, k in places], box, (i, j, k))
        return np.asarray(np.exp(-0.5 * (distance / np.float32(_NEAR_MM)) ** 2))


def softened(given: Floats, rng: np.random.Generator) -> Floats:
    """The present regions as masks of a finer grid come out: edges between 0 and 1, by a share that chance decides.

    Parameters
    ----------
    given
        What the network sees, (1, I, J, K, C); its last channels are the regions and the hints.
    """
    count = len(NESTED_REGIONS)
    regions = slice(-3 * count, -2 * count)  # after them two channels of hints for each
    blurred = given[..., regions]
    for axis in (1, 2, 3):
        blurred = 0.5 * blurred + 0.25 * (np.roll(blurred, 1, axis) + np.roll(blurred, -1, axis))
    share = np.float32(rng.random())
    result = given.copy()
    result[..., regions] += share * (blurred - given[..., regions])
    return result


def regions_of(classes: Classes) -> dict[str, NDArray[np.bool_]]:
    """The nested regions of network classes."""
    return {region: region_mask(classes, region) for region in NESTED_REGIONS}


class Sittings:
    """Sittings one after the other, each until its mask is right or the person has clicked often enough.

    Parameters
    ----------
    files
        Cases of `training.clicks.case`.
    """

    def __init__(self, files: Sequence[Path], rng: np.random.Generator, person: Person = TRAINED_PERSON) -> None:
        self._files, self._rng, self._person = list(files), rng, person
        self._sitting: Sitting | None = None
        self._left = 0

    def next(self, predict: Predict) -> Sitting:
        """A sitting with a new hint; `predict` answers the one before."""
        if self._sitting is not None and self._left:
            change = self._sitting.change(predict(self._sitting.given()))
            if change is not None:
                np.copyto(self._sitting.present[change.slab], change.labels, where=change.mask)
            if self._hinted(self._sitting):
                return self._sitting
        while not self._begun():
            pass
        if self._sitting is None:
            raise RuntimeError("a sitting was begun and is not there")
        return self._sitting

    def _begun(self) -> bool:
        case = load_click_case(self._files[self._rng.integers(len(self._files))])
        self._sitting = Sitting(case, starting_mask(case, self._rng))
        self._left = int(self._rng.integers(1, _MOST_CLICKS + 1))
        return self._hinted(self._sitting)

    def _hinted(self, sitting: Sitting) -> bool:
        self._left -= 1
        hint = next_hint(sitting.present, sitting.case.truth, self._person, self._rng, sitting.case.spacing_mm)
        if hint is None:
            return False
        sitting.hints.append(hint)
        return True


def starting_mask(case: ClickCase, rng: np.random.Generator) -> Classes:
    """Nothing, what a network alone says, or a reference that was spoiled."""
    chance = rng.random()
    if chance < _EMPTY:
        return np.zeros_like(case.truth)
    return case.prediction.copy() if chance < _EMPTY + _PREDICTED else spoiled(case.truth, rng)


def spoiled(truth: Classes, rng: np.random.Generator, reach: int = 12) -> Classes:
    """A mask with smooth errors: every border moved in and out by some voxels, sometimes a tissue taken for another."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    result = np.zeros_like(truth)
    box = box_around(truth)
    if box is None:
        return result
    near = grown(box, reach, truth.shape)
    bumps = gaussian_filter(rng.standard_normal(truth[near].shape).astype(np.float32), rng.uniform(3, 8))
    bumps *= rng.uniform(0.5, 3) / max(float(bumps.std()), 1e-6)
    moved = np.zeros_like(truth[near])
    for region, becomes in (("WT", 2), ("TC", 1), ("ET", 3)):
        mask = region_mask(truth[near], region)
        depth = distance_transform_edt(mask) - distance_transform_edt(~mask)
        moved[(depth + rng.uniform(-1.5, 1.5) + bumps > 0) & ((moved > 0) | (region == "WT"))] = becomes
        if not mask.any() or (region != "WT" and rng.random() < 0.15):
            break
    result[near] = moved
    return result
